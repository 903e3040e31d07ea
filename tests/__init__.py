"""The tests. Our modules are compiled once for the workers and for all the processes that tests start."""

import sys

sys.dont_write_bytecode = False  # whatever is set outside
