"""`python -m bench301 ARGS` is `bench301 ARGS`."""

import os
import signal
import subprocess
import sys

from ._binary import find
from ._errors import Error


def main() -> int:
    """Run the program with this process's arguments; its exit status, 1 where it cannot start."""
    try:
        program = find()
    except Error as error:
        print("bench301: %s" % error, file=sys.stderr)
        return 1
    args = [program] + sys.argv[1:]
    try:
        if sys.platform != "win32":
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it; so would the program
            os.execv(program, args)
        return subprocess.call(args)
    except KeyboardInterrupt:
        return 130  # as the program, which Ctrl-C has reached too
    except OSError as error:
        print("bench301: %s cannot be run here: %s; install the wheel of this platform"
              % (program, error.strerror), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
