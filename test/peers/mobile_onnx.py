"""MobileFaceNet as the public ONNX files have it (foamliu/MobileFaceNet and programs made of it): depthwise units with ReLU6, whose
bounds are attributes of Clip in operator set 9 and inputs in 11, and `x.view(x.size(0), -1)` as the exporters of these sets
write it. Random weights. Arguments: a folder; writes mobile-<set>.onnx, images, mobile-<set>.wanted."""

import sys

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


class Writer:
    def __init__(self, opset):
        self.opset, self.nodes, self.values, self.random = opset, [], [], numpy.random.RandomState(3)

    def constant(self, values, dtype=numpy.float32):
        name = 'w%d' % len(self.values)
        self.values.append(numpy_helper.from_array(numpy.asarray(values, dtype), name))
        return name

    def node(self, op, inputs, **attributes):
        name = '%s_%d' % (op, len(self.nodes))
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def relu6(self, x):
        if self.opset < 11:
            return self.node('Clip', [x], min=0.0, max=6.0)
        return self.node('Clip', [x, self.constant(0.0), self.constant(6.0)])

    def conv(self, x, i, o, k=1, stride=1, pad=0, groups=1, activates=True):
        weight = self.random.normal(0, (2 / (k * k * i / groups)) ** 0.5, (o, i // groups, k, k))
        x = self.node('Conv', [x, self.constant(weight)], kernel_shape=[k, k], strides=[stride] * 2, pads=[pad] * 4, group=groups, dilations=[1, 1])
        x = self.norm(x, o)
        return self.relu6(x) if activates else x

    def norm(self, x, channels):
        draw = lambda low, high: self.constant(self.random.uniform(low, high, channels))
        inputs = [x, draw(0.8, 1.2), draw(-0.1, 0.1), draw(-0.1, 0.1), draw(0.5, 1.5)]
        return self.node('BatchNormalization', inputs, epsilon=1e-5, momentum=0.9)

    def unit(self, x, i, o, stride, widening=2):
        y = self.conv(x, i, i * widening)
        y = self.conv(y, i * widening, i * widening, 3, stride, 1, i * widening)
        y = self.conv(y, i * widening, o, activates=False)
        return self.node('Add', [x, y]) if stride == 1 and i == o else y

    def rows(self, x):
        if self.opset >= 11:
            return self.node('Flatten', [x], axis=1)
        shape = self.node('Shape', [x])
        batch = self.node('Gather', [shape, self.constant(0, numpy.int64)], axis=0)
        parts = [self.node('Unsqueeze', [batch], axes=[0]), self.constant([-1], numpy.int64)]
        return self.node('Reshape', [x, self.node('Concat', parts, axis=0)])


def network(opset):
    w = Writer(opset)
    x = w.conv('input', 3, 16, 3, 2, 1)
    x = w.conv(x, 16, 16, 3, 1, 1, 16)
    before = 16
    for channels, count, stride in ((16, 2, 2), (32, 2, 2), (32, 2, 1), (32, 1, 2)):
        for index in range(count):
            x = w.unit(x, before, channels, stride if index == 0 else 1)
            before = channels
    x = w.conv(x, before, 64)
    x = w.conv(x, 64, 64, 7, 1, 0, 64, activates=False)
    x = w.conv(x, 64, 128, activates=False)
    w.nodes[-1].output[0] = x = 'embedding_map'
    x = w.rows(x)
    w.nodes[-1].output[0] = 'output'
    image = helper.make_tensor_value_info('input', TensorProto.FLOAT, ['batch', 3, 112, 112])
    row = helper.make_tensor_value_info('output', TensorProto.FLOAT, ['batch', 128])
    graph = helper.make_graph(w.nodes, 'mobilefacenet', [image], [row], w.values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)], ir_version=4 if opset < 11 else 6)
    onnx.checker.check_model(model)
    return model


def main(folder):
    images = numpy.random.RandomState(1).randint(0, 256, (2, 112, 112, 3)).astype(numpy.uint8)
    images.tofile(folder + '/images')
    fed = ((images.astype(numpy.float32) - 127.5) / numpy.float32(128)).transpose(0, 3, 1, 2)
    for opset in (9, 11, 13):
        path = '%s/mobile-%d.onnx' % (folder, opset)
        onnx.save(network(opset), path)
        session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
        session.run(None, {'input': fed})[0].tofile('%s/mobile-%d.wanted' % (folder, opset))


main(sys.argv[1])
