"""Makes the Caffe files of this folder with Google's encoder (protobuf 6.32.1, grpcio-tools 1.80 as compiler).

    python -m pip install protobuf==6.32.1 grpcio-tools==1.80.1 && python make-caffe.py

The messages below are a part of BVLC Caffe's caffe.proto, typed in by hand for this purpose: names, numbers and types.
`data_unpacked` has the number of `data`, so that one file has its floats one by one, as old writers left them.
"""
import importlib
import pathlib
import subprocess
import sys
import tempfile

PROTO = """
syntax = "proto2";
package caffe;
message BlobShape { repeated int64 dim = 1 [packed = true]; }
message BlobProto {
  optional int32 num = 1; optional int32 channels = 2; optional int32 height = 3; optional int32 width = 4;
  repeated float data = 5 [packed = true];
  repeated float diff = 6 [packed = true];
  optional BlobShape shape = 7;
  repeated double double_data = 8 [packed = true];
}
message UnpackedBlob { repeated float data_unpacked = 5; optional BlobShape shape = 7; }
message UnpackedLayer { optional string name = 1; optional string type = 2; repeated UnpackedBlob blobs = 7; }
message UnpackedNet { optional string name = 1; repeated UnpackedLayer layer = 100; }
message FillerParameter { optional string type = 1; optional float value = 2; }
message ConvolutionParameter {
  optional uint32 num_output = 1; optional bool bias_term = 2; repeated uint32 pad = 3; repeated uint32 kernel_size = 4;
  optional uint32 group = 5; repeated uint32 stride = 6; optional FillerParameter weight_filler = 7;
}
message InnerProductParameter { optional uint32 num_output = 1; optional bool bias_term = 2; optional int32 axis = 5; }
message BatchNormParameter { optional bool use_global_stats = 1; optional float moving_average_fraction = 2; optional float eps = 3; }
message ScaleParameter { optional int32 axis = 1; optional bool bias_term = 4; }
message PoolingParameter {
  enum PoolMethod { MAX = 0; AVE = 1; STOCHASTIC = 2; }
  optional PoolMethod pool = 1; optional uint32 kernel_size = 2; optional uint32 stride = 3;
}
message FlattenParameter { optional int32 axis = 1; optional int32 end_axis = 2; }
message InputParameter { repeated BlobShape shape = 1; }
message LayerParameter {
  optional string name = 1; optional string type = 2; repeated string bottom = 3; repeated string top = 4;
  repeated BlobProto blobs = 7;
  optional ConvolutionParameter convolution_param = 106;
  optional InnerProductParameter inner_product_param = 117;
  optional PoolingParameter pooling_param = 121;
  optional FlattenParameter flatten_param = 135;
  optional BatchNormParameter batch_norm_param = 139;
  optional ScaleParameter scale_param = 142;
  optional InputParameter input_param = 143;
}
message V1LayerParameter {
  enum LayerType { NONE = 0; CONVOLUTION = 4; INNER_PRODUCT = 14; POOLING = 17; RELU = 18; SPLIT = 22; ELTWISE = 25; }
  repeated string bottom = 2; repeated string top = 3; optional string name = 4; optional LayerType type = 5;
  repeated BlobProto blobs = 6; repeated float blobs_lr = 7;
  optional ConvolutionParameter convolution_param = 10;
  optional InnerProductParameter inner_product_param = 17;
  optional PoolingParameter pooling_param = 19;
}
message NetParameter {
  optional string name = 1; repeated V1LayerParameter layers = 2; repeated string input = 3; repeated int32 input_dim = 4;
  repeated LayerParameter layer = 100;
}
"""


def compiled():
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "caffe_part.proto").write_text(PROTO)
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"--python_out={folder}", "caffe_part.proto"], check=True
    )
    sys.path.insert(0, str(folder))
    return importlib.import_module("caffe_part_pb2")


caffe = compiled()
from google.protobuf import text_format  # noqa: E402  (after the compiler has run)


def ramp(count, first):
    """first, first + 1/8, ...: exact in float32."""
    return [first + index / 8 for index in range(count)]


def blob(shape, first):
    count = 1
    for size in shape:
        count *= size
    return caffe.BlobProto(data=ramp(count, first), shape=caffe.BlobShape(dim=shape))


def current():
    """conv (2 of 1 x 2 x 2) - BatchNorm with scale factor 4 - Scale - PReLU in place - pool - fc without bias."""
    net = caffe.NetParameter(name="small")
    net.layer.add(name="data", type="Input", top=["data"], input_param={"shape": [{"dim": [1, 1, 5, 6]}]})
    net.layer.add(
        name="conv", type="Convolution", bottom=["data"], top=["conv"], blobs=[blob([2, 1, 2, 2], -0.5), blob([2], 1)],
        convolution_param=dict(num_output=2, bias_term=True, pad=[0], kernel_size=[2], stride=[1], weight_filler=dict(type="xavier")),
    )
    net.layer.add(
        name="bn", type="BatchNorm", bottom=["conv"], top=["bn"], blobs=[blob([2], 1), blob([2], 2), blob([1], 4)],
        batch_norm_param=dict(use_global_stats=True, moving_average_fraction=0.9, eps=2e-5),
    )
    net.layer.add(
        name="bn_scale", type="Scale", bottom=["bn"], top=["bn"], blobs=[blob([2], 0.5), blob([2], -1)],
        scale_param=dict(bias_term=True),
    )
    net.layer.add(name="relu", type="PReLU", bottom=["bn"], top=["bn"], blobs=[blob([2], 0.25)])
    net.layer.add(name="pool", type="Pooling", bottom=["bn"], top=["pool"], pooling_param=dict(pool="MAX", kernel_size=2, stride=2))
    net.layer.add(
        name="fc", type="InnerProduct", bottom=["pool"], top=["fc"], blobs=[blob([3, 12], -2)],
        inner_product_param=dict(num_output=3, bias_term=False, axis=1),
    )
    return net


def old():
    """Layers of the first generation with their four-sided blobs, and the copies Caffe puts into the files of trained nets."""
    net = caffe.NetParameter(name="old", input=["data"], input_dim=[1, 2, 4, 4])
    four = dict(num=3, channels=2, height=3, width=3)
    net.layers.add(
        name="conv", type="CONVOLUTION", bottom=["data"], top=["conv"], blobs_lr=[1, 2],
        blobs=[caffe.BlobProto(data=ramp(54, -3), **four), caffe.BlobProto(data=ramp(3, 0), num=1, channels=1, height=1, width=3)],
        convolution_param=dict(num_output=3, kernel_size=[3], pad=[1]),
    )
    net.layers.add(name="conv_conv_0_split", type="SPLIT", bottom=["conv"], top=["conv_conv_0_split_0", "conv_conv_0_split_1"])
    net.layers.add(name="relu", type="RELU", bottom=["conv_conv_0_split_0"], top=["relu"])
    net.layers.add(name="sum", type="ELTWISE", bottom=["conv_conv_0_split_1", "relu"], top=["sum"])
    net.layers.add(
        name="fc", type="INNER_PRODUCT", bottom=["sum"], top=["fc"],
        blobs=[
            caffe.BlobProto(double_data=ramp(96, -6), num=1, channels=1, height=2, width=48),
            caffe.BlobProto(data=ramp(2, 1), num=1, channels=1, height=1, width=2),
        ],
        inner_product_param=dict(num_output=2),
    )
    return net


def unpacked(net):
    """The same weights with a tag before every float."""
    other = caffe.UnpackedNet(name=net.name)
    for layer in net.layer:
        blobs = [caffe.UnpackedBlob(data_unpacked=list(part.data), shape=part.shape) for part in layer.blobs]
        other.layer.add(name=layer.name, type=layer.type, blobs=blobs)
    return other


def without_weights(net):
    other = type(net)()
    other.CopyFrom(net)
    for layer in list(other.layer) + list(other.layers):
        layer.ClearField("blobs")
    return other


here = pathlib.Path(__file__).parent
for name, net in {"caffe": current(), "caffe-v1": old()}.items():
    (here / f"{name}.caffemodel").write_bytes(net.SerializeToString(deterministic=True))
    (here / f"{name}.prototxt").write_text(text_format.MessageToString(without_weights(net)))
(here / "caffe-unpacked.caffemodel").write_bytes(unpacked(current()).SerializeToString(deterministic=True))
