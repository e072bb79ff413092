"""The tests are of the installed plug-in: where it is not installed, they are left out."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("synmedbench_plugin_example") else ["tests"]
