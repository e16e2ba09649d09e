"""External judges on a socket, as their documentation says they are. They share no code with the program, so that each checks
the other."""

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import threading
import urllib.parse


class Judge:
    """A server of POST requests. `answer` gives the status and the JSON for a path, the headers and the body; where it gives None,
    nothing is ever answered. `asked` holds what it was asked, as `answer` wrote it down."""

    def __init__(self):
        judge = self
        self.asked = []
        self.closing = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                given = judge.answer(self.path, self.headers, body)
                if given is None:
                    judge.closing.wait()
                    return
                status, said = given
                answer = json.dumps(said).encode()
                with contextlib.suppress(OSError):  # whoever asked may have gone
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.base = f"{self.address}/v1"

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


class Guard(Judge):
    """A guard model behind an OpenAI-compatible endpoint. `say` gives its lines for the messages it is asked about, or the status
    of an error."""

    def __init__(self):
        self.say = lambda messages: safe(messages)
        super().__init__()

    def answer(self, path, _headers, body):
        assert path == "/v1/chat/completions"
        messages = json.loads(body)["messages"]
        self.asked.append(messages)
        said = self.say(messages)
        if said is None:
            return None
        if isinstance(said, int):
            return said, {"error": {"message": "no"}}
        choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
        return 200, {"object": "chat.completion", "choices": [choice]}

    def windows(self):
        """The parts of answers it was asked about."""
        return [messages[1]["content"] for messages in self.asked if len(messages) == 2]


def is_output(messages):
    return messages[-1]["role"] == "assistant"


def safe(messages):
    return "Safety: Safe\nCategories: None" + ("\nRefusal: No" if is_output(messages) else "")


def flags(word, level="Unsafe", category="Violent"):
    """Says so of a text with the word, and of no other."""

    def say(messages):
        if word in messages[-1]["content"]:
            return f"Safety: {level}\nCategories: {category}"
        return safe(messages)

    return say


class Moderation(Judge):
    """OpenAI's `/v1/moderations`: flags violence where the word is."""

    KEY = "sk-moderation"

    def __init__(self, word):
        self.word = word
        super().__init__()

    def answer(self, path, headers, body):
        assert path == "/v1/moderations"
        if headers["Authorization"] != f"Bearer {self.KEY}":
            return 401, {"error": {"message": "Incorrect API key provided"}}
        asked = json.loads(body)
        assert asked["model"] == "omni-moderation-latest"
        self.asked.append(asked["input"])
        found = self.word in json.dumps(asked["input"])
        categories = ["harassment", "hate", "self-harm", "sexual", "violence"]
        result = {
            "flagged": found,
            "categories": {name: found and name == "violence" for name in categories} | {"illicit": None},
            "category_scores": {name: 0.93 if found and name == "violence" else 0.01 for name in categories},
            "category_applied_input_types": {name: ["text"] for name in categories},
        }
        return 200, {"id": "modr-1", "model": "omni-moderation-2024-09-26", "results": [result]}


class Guardrail(Judge):
    """Alibaba Cloud's guardrail, which believes a request only by its signature. Finds something where the word is, or the picture."""

    ID, SECRET = "test-id", "test-secret"
    KEY = f"{ID}:{SECRET}"

    def __init__(self, word="", picture=b""):
        self.word, self.picture = word, picture
        super().__init__()

    def answer(self, path, headers, body):
        address = urllib.parse.urlsplit(path)
        assert address.path == "/"
        if not self.is_signed(address.query, headers, body):
            return 400, {"Code": "SignatureDoesNotMatch"}
        given = dict(urllib.parse.parse_qsl(address.query) + urllib.parse.parse_qsl(body.decode()))
        parameters = json.loads(given["ServiceParameters"])
        action = headers["x-acs-action"]
        if action == "TextModerationPlus":
            assert given["Service"] in ("query_security_check", "response_security_check")
            self.asked.append((given["Service"], parameters["content"]))
            data = self.text(self.word and self.word in parameters["content"])
        else:
            assert (action, given["Service"]) == ("MultiModalGuardForBase64", "img_query_security_check")
            assert parameters == {}
            picture = base64.b64decode(given["ImageBase64Str"], validate=True)
            self.asked.append((given["Service"], picture))
            data = self.seen(self.picture and picture == self.picture)
        return 200, {"Code": 200, "Message": "OK", "RequestId": "AAAAAA", "Data": data}

    @staticmethod
    def text(found):
        label = {"Label": "contraband_act", "Confidence": 88.5, "RiskWords": "x", "Description": "x"}
        return {
            "RiskLevel": "high" if found else "none", "Result": [label if found else {"Label": "nonLabel"}],
            "AttackLevel": "none", "AttackResult": [{"AttackLevel": "none", "Label": "safe", "Confidence": 0}],
            "SensitiveLevel": "S0", "Advice": [],
        }

    @staticmethod
    def seen(found):
        results = [{"Label": "contraband_act" if found else "nonLabel", "Confidence": 88.5, "Level": "high", "Ext": {}}]
        suggestion, level = ("block", "high") if found else ("pass", "none")
        detail = {"Type": "contentModeration", "Level": level, "Suggestion": suggestion, "Result": results}
        return {"DataId": "d", "Suggestion": suggestion, "Detail": [detail]}

    def is_signed(self, query, headers, body):
        algorithm, _, rest = headers["Authorization"].partition(" ")
        said = dict(part.split("=", 1) for part in rest.split(","))
        names = said["SignedHeaders"].split(";")
        must = {"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}
        if algorithm != "ACS3-HMAC-SHA256" or said["Credential"] != self.ID or not must <= set(names) or names != sorted(names):
            return False
        payload = hashlib.sha256(body).hexdigest()
        canonical = "\n".join(["POST", "/", query, *(f"{name}:{headers[name].strip()}" for name in names), "",
                               said["SignedHeaders"], payload])
        to_sign = f"{algorithm}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        own = hmac.new(self.SECRET.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        return headers["x-acs-content-sha256"] == payload and hmac.compare_digest(own, said["Signature"])
