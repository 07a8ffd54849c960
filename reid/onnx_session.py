"""Opening somebody's ONNX file."""

from pathlib import Path

import onnxruntime

from configs.errors import InputError

__all__ = ["first_line", "open_session"]


def open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """A network ready to run on the best device there is; `threads` 0 takes as many as cores.

    Raises InputError: no such file, or not a model that ONNX Runtime can read.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Threads that wait actively for work would take a core from the other stages.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = onnxruntime.get_available_providers()
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # the library raises a dozen kinds
        raise InputError(f"{path}: not a readable ONNX model ({first_line(error)})") from None


def first_line(error: Exception) -> str:
    """What an error says, short enough for one line of a message."""
    text = str(error).strip()
    return text.splitlines()[0][:160] if text else type(error).__name__
