import base64
import struct

from caveagent_magic.events import Output
from caveagent_magic.observation.outputs import full_text, text_of
from caveagent_magic.observation.shapers import Shaped

PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480) + b"\x08" * 99
).decode()


def mime(data: dict[str, object]) -> Output:
    return {"output_type": "display_data", "data": data}


def display(**data: object) -> Output:
    return {
        "output_type": "display_data",
        "data": {key.replace("_", "/"): value for key, value in data.items()},
    }


def test_a_frame_is_read_as_text_and_not_as_html() -> None:
    assert text_of(display(text_html="<table>", text_plain="   a\n0  1"), 1) == Shaped("   a\n0  1")


def test_a_picture_is_named_with_its_size() -> None:
    assert text_of(display(image_png=PNG, text_plain="<Figure>"), 1) == Shaped(
        "[figure 640×480, image/png, shown to the person]"
    )


def test_what_claims_to_be_a_picture_and_is_none_is_named_without_a_size() -> None:
    for data in ("", "!!!", "AAAA", "\x80", None, ["AA", "AA"], b"raw"):
        assert text_of(display(image_png=data), 1).text == "[figure, image/png, shown to the person]"


def test_what_only_a_browser_can_show_is_named() -> None:
    widget = mime({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "x"})

    assert text_of(display(text_html="<b>hi</b>"), 1).text == "[HTML of 9 characters, shown to the person]"
    assert text_of(widget, 1).text == "[widget, shown to the person]"
    assert text_of(mime({}), 1).text == "[nothing, shown to the person]"


def test_the_full_text_holds_everything_readable_without_colours() -> None:
    outputs: list[Output] = [
        {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]},
        display(text_plain="table", text_html="<table>"),
        display(image_png=PNG),
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[31mlong", "trace\x1b[0m"]},
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": []},
    ]

    assert full_text(outputs) == (
        "a\nb\ntable\n[figure 640×480, image/png, shown to the person]\nlong\ntrace\nE: v"
    )
