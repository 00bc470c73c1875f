"""Runs model files of ours in the programs they are made for: MXNet (and saves them anew) and onnxruntime.

Arguments: for each model the prefix of its checkpoint, its ONNX file, pictures, and where to write the results.
"""
import os
import sys

# Threads that wait by spinning take the processor from each other on a busy machine.
os.environ['OMP_NUM_THREADS'] = '1'
import mxnet as mx
import numpy as np
import onnx
import onnxruntime


def run(prefix, onnx_file, data_file, written):
    data = mx.nd.load(data_file)['data']
    result = {}

    symbol, args, aux = mx.model.load_checkpoint(prefix, 0)
    values = {'data': data, **args}
    missing = [name for name in symbol.list_arguments() if name not in values]
    missing += [name for name in symbol.list_auxiliary_states() if name not in aux]
    extra = [name for name in args if name not in symbol.list_arguments()]
    assert not missing and not extra, (missing, extra)
    executor = symbol.bind(mx.cpu(), values, grad_req='null', aux_states=aux)
    for name, output in zip(symbol.list_outputs(), executor.forward(is_train=False)):
        result['mxnet ' + name[: -len('_output')]] = output
    mx.nd.waitall()
    mx.model.save_checkpoint(prefix + '-again', 0, symbol, args, aux)

    onnx.checker.check_model(onnx_file, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx_file, options, providers=['CPUExecutionProvider'])
    pixels = data.asnumpy()
    outputs = [output.name for output in session.get_outputs()]
    for name, output in zip(outputs, session.run(outputs, {'data': pixels})):
        result['onnxruntime ' + name] = mx.nd.array(output)
        # Any batch: the first picture alone gives what it gives in company.
        alone = session.run([name], {'data': pixels[:1]})[0]
        assert np.abs(alone - output[:1]).max() <= 1e-4 * max(np.abs(output).max(), 1e-6), name
    mx.nd.save(written, result)


for index in range(1, len(sys.argv), 4):
    run(*sys.argv[index : index + 4])
