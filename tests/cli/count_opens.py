"""Counts how often FILE is opened until the command has ended:

    count_opens.py FILE COMMAND [ARGUMENT...]

prints the count (inotify) and ends with the command's status. Of two that
open it at the very same time one may be missed.
"""

import ctypes
import os
import struct
import subprocess
import sys

IN_CLOSE = 0x10  # between two opens, that they are not taken for one
IN_OPEN = 0x20
IN_Q_OVERFLOW = 0x4000


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.inotify_init1(os.O_NONBLOCK)
    if fd < 0 or libc.inotify_add_watch(
            fd, os.fsencode(sys.argv[1]), IN_OPEN | IN_CLOSE) < 0:
        sys.exit("inotify: " + os.strerror(ctypes.get_errno()))
    status = subprocess.run(sys.argv[2:], stdout=sys.stderr).returncode
    count = 0
    while True:
        try:
            events = os.read(fd, 64 << 10)
        except BlockingIOError:
            break
        while events:
            _, mask, _, size = struct.unpack_from("iIII", events)
            assert not mask & IN_Q_OVERFLOW, "too many events"
            count += bool(mask & IN_OPEN)
            events = events[16 + size:]
    print(count)
    sys.exit(status)


main()
