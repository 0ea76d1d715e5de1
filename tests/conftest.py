"""Settings of the whole suite."""

import os

from hypothesis import settings

# No deadline: a busy machine is no failure. In CI the same examples every time: a run that fails
# there fails here.
settings.register_profile("airside", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("airside")
