"""What bench/formats.ts compares with: MXNet's writer and reader, OpenCV's decode, warp and encode. Prints JSON."""
import json, os, resource, sys, time

# All threads, as on the other side; set anew after the imports.
cpu_start = 0.0

job, source, target = sys.argv[1:4]


def begin():
    global cpu_start
    cpu_start = time.process_time()
    return time.time()


def pictures(limit=None):
    rows = []
    for label, name in enumerate(sorted(os.listdir(source))[:limit]):
        folder = os.path.join(source, name)
        rows += [(label, os.path.join(folder, file)) for file in sorted(os.listdir(folder))]
    return rows


def pack(sync=False):
    import mxnet as mx

    os.makedirs(target, exist_ok=True)
    start = begin()
    rows = pictures()
    writer = mx.recordio.MXIndexedRecordIO(target + '/theirs.idx', target + '/theirs.rec', 'w')
    for position, (label, path) in enumerate(rows, 1):
        with open(path, 'rb') as file:
            header = mx.recordio.IRHeader(0, [label, 1], position, 0)
            writer.write_idx(position, mx.recordio.pack(header, file.read()))
    writer.close()
    if sync:
        for ending in ('.rec', '.idx'):
            with open(target + '/theirs' + ending, 'rb+') as file:
                os.fsync(file.fileno())
    return len(rows) / (time.time() - start)


def align():
    import cv2, numpy as np

    cv2.setNumThreads(1)
    matrix = np.array([[0.83, 0.0, -48.0], [0.0, 0.83, -43.0]])
    start = begin()
    rows = pictures()
    for _, path in rows:
        face = cv2.warpAffine(cv2.imread(path), matrix, (112, 112))
        cv2.imencode('.jpg', face, [1, 95])
    return len(rows) / (time.time() - start)


def decode():
    import cv2, numpy as np

    cv2.setNumThreads(1)
    images = [np.fromfile(path, np.uint8) for _, path in pictures()]
    for image in images[:1000]:
        cv2.imdecode(image, 1)
    start = begin()
    for image in images:
        cv2.imdecode(image, 1)
    return len(images) / (time.time() - start)


def read():
    import mxnet as mx

    begin()
    reader = mx.io.ImageRecordIter(path_imgrec=source + '/images.rec', path_imgidx=source + '/images.idx', batch_size=128,
                                   data_shape=(3, 112, 112), label_width=2, shuffle=True, rand_mirror=True,
                                   preprocess_threads=2, round_batch=True)
    count, start = 0, None
    while count < 128 * 128:
        try:
            reader.next().data[0].wait_to_read()
        except StopIteration:
            reader.reset()
            continue
        count += 128
        if count == 128 * 8:
            start = time.time()
    return (count - 128 * 8) / (time.time() - start)


value = {'pack': pack, 'pack-synced': lambda: pack(True), 'align': align, 'decode': decode, 'read': read}[job]()
print(json.dumps({'value': value, 'cpuSeconds': time.process_time() - cpu_start, 'peakMemoryBytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
