"""unpack-wheel.py WHEEL FOLDER PATTERN...: unpacks the files of a wheel whose names match one of the patterns."""

import fnmatch
import sys
import zipfile

wheel, folder, *patterns = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
            archive.extract(name, folder)
