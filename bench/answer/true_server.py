"""A server that speaks as much of Ollama's API as `run --driver api` needs, with known true rates.

rate = surface(num_ctx, num_batch) x disturbance(time) x exp(noise of the load) x exp(noise of the
run). The time is virtual: a load with the first request after it takes 2 s, each other run 1 s, and
the answer comes at once. Rates are 200 times those of a CPU, so that no reported duration is longer
than the time that the program sees pass.
"""

import http.server
import json
import math

CONTEXTS = (4096, 8192, 12288, 16384, 24576, 32768)
BATCHES = (128, 256, 512, 768, 1024, 2048)
SURFACES = ("flat", "smooth", "two-level", "peak")
DISTURBANCES = ("undisturbed", "spells", "drift", "hops")
OFF_GRID = (6000, 600)
RUNS = 3
LOAD_S, RUN_S = 2, 1
BASE_RATE = 80000.0  # tokens/s
DECODE_RATE = 5000.0
SIZE = 5_000_000_000


def make_surface(kind, rng):
    """The natural logs of the true rates, by (num_ctx, num_batch)."""
    slope, limit, above = rng.uniform(0.3, 3), rng.uniform(0.3, 0.9), rng.random() < 0.5
    peak = (rng.choice(CONTEXTS), rng.choice(BATCHES))
    surface = {}
    for i, num_ctx in enumerate(CONTEXTS):
        for j, num_batch in enumerate(BATCHES):
            u, v = i / 5, j / 5
            rate = math.log(BASE_RATE)
            if kind == "smooth":
                rate += math.log1p(-0.15 * (u - 0.4) ** 2 - 0.20 * (v - 0.6) ** 2)
            elif kind == "two-level" and ((u + slope * v) / (1 + slope) <= limit) == above:
                rate += math.log(1.2)
            elif kind == "peak" and (num_ctx, num_batch) == peak:
                rate += math.log(1.05)
            surface[num_ctx, num_batch] = rate
    return surface


class Machine:
    """What disturbs the rates, on a clock of its own."""

    def __init__(self, kind, rng):
        self.kind, self.rng, self.now, self.is_slow, self.next = kind, rng, 0.0, False, math.inf
        if kind == "spells":
            self.next = rng.uniform(0, 200)
        elif kind == "hops":
            self.next, self.is_slow = rng.uniform(0, 60), rng.random() < 0.5

    def level(self):
        pass_s = (len(CONTEXTS) * len(BATCHES) + 4) * (LOAD_S + RUNS * RUN_S)
        level = math.log1p(-0.12) * min(1, self.now / pass_s) if self.kind == "drift" else 0
        return level + (math.log(0.8 if self.kind == "spells" else 0.91) if self.is_slow else 0)

    def pass_time(self, seconds):
        self.now += seconds
        while self.now >= self.next:
            self.is_slow = not self.is_slow
            low, high = (5, 60) if self.kind == "hops" else (3, 23) if self.is_slow else (30, 200)
            self.next += self.rng.uniform(low, high)


class World:
    """One sweep's truth, its time, and what the server has loaded."""

    def __init__(self, surface, disturbance, sigma, is_off_grid, rng, on_time):
        """on_time is called with the seconds that have passed in this world."""
        self.truth = make_surface(surface, rng)
        self.best_of_grid = max(self.truth.values())
        self.current = rng.choice(list(self.truth))
        if is_off_grid:
            self.current = OFF_GRID
            self.truth[OFF_GRID] = sorted(self.truth.values())[len(self.truth) // 2]
        self.machine, self.sigma = Machine(disturbance, rng), sigma
        self.rng, self.on_time = rng, on_time
        self.loaded, self.load_noise, self.loads = None, 0.0, 0

    def pass_time(self, seconds):
        self.machine.pass_time(seconds)
        self.on_time(self.machine.now)

    def run(self, cell, takes_time):
        """The rate of one run; loads the cell where another one is loaded."""
        if self.loaded != cell:
            self.loaded, self.load_noise = cell, self.rng.gauss(0, self.sigma)
            self.loads += 1
            self.pass_time(LOAD_S)
            takes_time = False
        noise = self.load_noise + self.rng.gauss(0, self.sigma)
        rate = math.exp(self.truth[cell] + self.machine.level() + noise)
        if takes_time:
            self.pass_time(RUN_S)
        return rate


class Handler(http.server.BaseHTTPRequestHandler):
    """As much of Ollama's API as the api driver needs."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):  # noqa: N802 (the library's name)
        model = {"name": "truth:latest", "model": "truth:latest", "digest": "7" * 64, "size": SIZE}
        if self.path == "/api/version":
            self.answer({"version": "0.20.0"})
        elif self.path == "/api/tags":
            self.answer({"models": [model]})
        elif self.path == "/api/ps":
            cell = self.server.world.loaded
            self.answer({"models": [{**model, "size_vram": SIZE, "context_length": cell[0]}]
                         if cell else []})
        else:
            self.answer({"error": "not found"}, 404)

    def do_POST(self):  # noqa: N802
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        world = self.server.world
        if self.path == "/api/show":
            num_ctx, num_batch = world.current
            self.answer({"parameters": f"num_ctx {num_ctx}\nnum_batch {num_batch}",
                         "model_info": {"general.architecture": "truth",
                                        "truth.context_length": 131072}})
        elif self.path != "/api/generate":
            self.answer({"error": "not found"}, 404)
        elif not body.get("prompt") and body.get("keep_alive") == 0:
            world.loaded = None
            self.answer({"model": "truth", "done": True, "done_reason": "unload"})
        else:
            self.generate(body)

    def generate(self, body):
        world, options = self.server.world, body.get("options", {})
        num_ctx, num_batch = world.current
        cell = (options.get("num_ctx", num_ctx), options.get("num_batch", num_batch))
        # The program sends its prompt as a user would, and raw what it asks for beside it.
        rate = world.run(cell, takes_time=not body.get("raw"))
        tokens, generated = len(body.get("prompt", "").split()), options.get("num_predict", 1)
        reading, decoding = tokens / rate, max(1, generated - 1) / DECODE_RATE
        line = {"model": "truth", "created_at": "2026-01-01T00:00:00Z", "response": "so ",
                "done": False}
        last = {**line, "response": "", "done": True, "done_reason": "length",
                "total_duration": round(1e9 * (0.001 + reading + decoding)),
                "load_duration": 1_000_000,
                "prompt_eval_count": tokens, "prompt_eval_duration": round(1e9 * reading),
                "eval_count": generated, "eval_duration": round(1e9 * decoding)}
        if body.get("stream", True):
            lines = [json.dumps(part) + "\n" for part in [line] * generated + [last]]
            chunks = "".join(f"{len(text):x}\r\n{text}\r\n" for text in lines) + "0\r\n\r\n"
            self.send(200, "Transfer-Encoding", "chunked", chunks)
        else:
            self.answer({**last, "response": "so " * generated})

    def answer(self, content, status=200):
        text = json.dumps(content)
        self.send(status, "Content-Length", len(text), text)

    def send(self, status, header, value, text):
        # In one write, or the other side's delayed acknowledgement makes each answer 40 ms late.
        head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\n{header}: {value}\r\n\r\n"
        self.wfile.write((head + text).encode())
