"""A private Ollama for benchmarks."""

import json
import os
import re
import subprocess
import time
import urllib.request

MODEL = "weights"


class Server:
    """A private `ollama serve` with one model, on a free loopback port."""

    def __init__(self, ollama, weights, folder):
        self.ollama = ollama
        self.environment = dict(os.environ, HOME=str(folder), OLLAMA_MODELS=str(folder / "models"),
                                OLLAMA_HOST="127.0.0.1:0",
                                PATH=f"{ollama.parent}:{os.environ.get('PATH', '')}")
        self.log = folder / "server.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([ollama, "serve"], env=self.environment, stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL)
        try:
            self.host = self._wait()
            self.environment["OLLAMA_HOST"] = self.host
            (folder / "Modelfile").write_text(f"FROM {weights}\n")
            subprocess.run([ollama, "create", MODEL, "-f", folder / "Modelfile"], check=True,
                           env=self.environment, capture_output=True)
        except BaseException:
            self.stop()
            raise

    def _wait(self):
        until = time.monotonic() + 30
        while time.monotonic() < until and self.process.poll() is None:
            found = re.search(r"Listening on (\S+) \(version", self.log.read_text(errors="replace"))
            if found:
                return found[1]
            time.sleep(0.05)
        raise RuntimeError("ollama serve did not start: " + self.log.read_text(errors="replace"))

    def post(self, path, body):
        request = urllib.request.Request(f"http://{self.host}{path}", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.load(answer)

    def unload(self):
        self.post("/api/generate", {"model": MODEL, "keep_alive": 0})
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with urllib.request.urlopen(f"http://{self.host}/api/ps", timeout=30) as answer:
                if not json.load(answer)["models"]:
                    return
            time.sleep(0.05)
        raise RuntimeError("the model stays loaded")

    def stop(self):
        self.process.terminate()
        self.process.wait()
