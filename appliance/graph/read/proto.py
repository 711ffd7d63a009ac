"""TensorFlow's graph messages, defined with `protobuf` alone, so that reading a graph does not load TensorFlow.

The tables below are the field names, numbers and types of tensorflow/core/framework/*.proto, as far as they are used
here. protobuf keeps fields that are not listed, so a graph that is written again loses nothing. The messages live in a
descriptor pool of their own and do not clash with those of a TensorFlow in the same process.
"""

from typing import Any, Dict, List, Tuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "tensorflow"
_FIELD = descriptor_pb2.FieldDescriptorProto

# message -> (field, number, type). "[]" repeats it, "{}" makes it a map from string, "|" puts it in the oneof `value`.
MESSAGES: Dict[str, List[Tuple[str, int, str]]] = {
    "GraphDef": [("node", 1, "NodeDef[]"), ("library", 2, "FunctionDefLibrary"), ("versions", 4, "VersionDef")],
    "NodeDef": [
        ("name", 1, "string"),
        ("op", 2, "string"),
        ("input", 3, "string[]"),
        ("device", 4, "string"),
        ("attr", 5, "AttrValue{}"),
    ],
    "AttrValue": [
        ("list", 1, "ListValue|"),
        ("s", 2, "bytes|"),
        ("i", 3, "int64|"),
        ("f", 4, "float|"),
        ("b", 5, "bool|"),
        ("type", 6, "int32|"),
        ("shape", 7, "TensorShapeProto|"),
        ("tensor", 8, "TensorProto|"),
        ("func", 10, "NameAttrList|"),
    ],
    "NameAttrList": [("name", 1, "string"), ("attr", 2, "AttrValue{}")],
    "ListValue": [
        ("s", 2, "bytes[]"),
        ("i", 3, "int64[]"),
        ("f", 4, "float[]"),
        ("b", 5, "bool[]"),
        ("type", 6, "int32[]"),
        ("shape", 7, "TensorShapeProto[]"),
        ("tensor", 8, "TensorProto[]"),
        ("func", 9, "NameAttrList[]"),
    ],
    "TensorProto": [
        ("dtype", 1, "int32"),
        ("tensor_shape", 2, "TensorShapeProto"),
        ("version_number", 3, "int32"),
        ("tensor_content", 4, "bytes"),
        ("float_val", 5, "float[]"),
        ("double_val", 6, "double[]"),
        ("int_val", 7, "int32[]"),
        ("string_val", 8, "bytes[]"),
        ("int64_val", 10, "int64[]"),
        ("bool_val", 11, "bool[]"),
    ],
    "TensorShapeProto": [("dim", 2, "Dim[]"), ("unknown_rank", 3, "bool")],
    "Dim": [("size", 1, "int64"), ("name", 2, "string")],
    "VersionDef": [("producer", 1, "int32"), ("min_consumer", 2, "int32"), ("bad_consumers", 3, "int32[]")],
    "FunctionDefLibrary": [("function", 1, "FunctionDef[]")],
    "FunctionDef": [("signature", 1, "OpDef"), ("node_def", 3, "NodeDef[]")],
    "OpDef": [("name", 1, "string")],
}


def _add_field(message: Any, name: str, number: int, kind: str) -> None:
    field = message.field.add(name=name, number=number, label=_FIELD.LABEL_OPTIONAL)
    base = kind.rstrip("[]{}|")
    if kind.endswith("{}"):
        entry = message.nested_type.add(name=name.capitalize() + "Entry")
        entry.options.map_entry = True
        _add_field(entry, "key", 1, "string")
        _add_field(entry, "value", 2, base)
        field.type_name = f".{_PACKAGE}.{message.name}.{entry.name}"
        field.type, field.label = _FIELD.TYPE_MESSAGE, _FIELD.LABEL_REPEATED
        return
    if base in MESSAGES:
        field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".{_PACKAGE}.{base}"
    else:
        field.type = getattr(_FIELD, "TYPE_" + base.upper())
    if kind.endswith("[]"):
        field.label = _FIELD.LABEL_REPEATED
    if kind.endswith("|"):
        field.oneof_index = 0


Message = Any
"""A message of one of the classes below: protobuf makes them at run time, so there are no static types for them."""


def _message_classes() -> Dict[str, Message]:
    file = descriptor_pb2.FileDescriptorProto(name="splitlens/graph.proto", package=_PACKAGE, syntax="proto3")
    for message_name, fields in MESSAGES.items():
        message = file.message_type.add(name=message_name)
        if any(kind.endswith("|") for _, _, kind in fields):
            message.oneof_decl.add(name="value")
        for name, number, kind in fields:
            _add_field(message, name, number, kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
    factory: Any = message_factory
    # protobuf 4.22 replaced the factory object by a function; Python 3.6 has 3.19.
    if hasattr(factory, "GetMessageClass"):
        make = factory.GetMessageClass
    else:
        make = factory.MessageFactory(pool).GetPrototype
    return {name: make(pool.FindMessageTypeByName(_PACKAGE + "." + name)) for name in MESSAGES}


_CLASSES = _message_classes()
GraphDef = _CLASSES["GraphDef"]
NodeDef = _CLASSES["NodeDef"]
AttrValue = _CLASSES["AttrValue"]
TensorProto = _CLASSES["TensorProto"]
