"""A generator and a metric that synmedbench finds through this package's entry points."""
