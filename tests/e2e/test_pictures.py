"""Pictures in chats: cleaned, bounded, and only where an operator lets them."""

import base64
import struct
import zlib

import pytest

from partner_side import asked

SECRET = b"31.2304N 121.4737E"


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width=4, height=4, parts=()):
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(min(width, 4))) * min(height, 4))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(*part) for part in parts)
            + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def data(picture, kind="png"):
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def look(gate, url, key="yk_demo_us"):
    content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    return gate.post("/v1/chat/completions", {"model": "assistant.chat", "messages": [
        {"role": "user", "content": content}]}, key=key)


def test_a_clean_picture_is_let_through_to_models_that_take_pictures(own_demo):
    # None of the demo's models for this market says that it does, so the picture stays here, and the reason is said.
    answer = look(own_demo, data(png(parts=[(b"tEXt", b"Comment\0" + SECRET)])))
    assert (answer.status, answer.json["error"]["code"]) == (503, "route_missing"), answer.text
    assert "can take images" in answer.json["error"]["message"]
    assert asked(own_demo) == ""


@pytest.mark.parametrize("url, says", [
    (data(png()[:-20]), "cut off"),
    (data(png(60_000, 60_000)), "pixels"),
    (data(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg"), "no JPEG"),
    (data(b"%PDF-1.7"), "no JPEG"),
    ("https://lantern.example/a.png", "at an address"),
])
def test_what_cannot_be_cleaned_is_refused(own_demo, url, says):
    answer = look(own_demo, url)
    assert (answer.status, answer.json["error"]["code"]) == (422, "input_invalid"), answer.text
    assert says in answer.json["error"]["message"]
    assert answer.json["error"]["param"] == "messages[0].content[1].image_url"
    assert asked(own_demo) == ""


def test_where_no_operator_lets_them_pictures_stay(own_demo):
    answer = look(own_demo, data(png()), key="yk_demo_cn")
    assert (answer.status, answer.json["error"]["code"]) == (422, "input_invalid")
    assert asked(own_demo) == ""
