#pragma once

namespace ollama_bench {

inline constexpr const char* kOldStore = R"({
  "metadata": {
    "start_time": "2025-12-22T20:29:17.123456",
    "total_tests": 624,
    "num_ctx_range": "32768-110592:2048",
    "num_batch_range": "128-2048:128"
  },
  "results": [
    {
      "num_ctx": 59392,
      "num_batch": 128,
      "prompt_eval_rate": 121.33,
      "timestamp": "2025-12-23T20:29:17.123456"
    },
    {
      "num_ctx": 92160,
      "num_batch": 128,
      "prompt_eval_rate": null,
      "error": "CUDA resource allocation error",
      "timestamp": "2025-12-23T22:00:01.000001"
    }
  ]
}
)";

/// Every kind of entry, and a key of somebody else's at every level.
inline constexpr const char* kStoreWithUnknownKeys = R"({
  "metadata": {
    "schema_version": 1, "store_id": "f3c1", "start_time": "2026-11-21T07:00:00+00:00",
    "identity": {"model": "smollm2", "quant": "Q4_K_M"},
    "environment": {"host": "rig", "room": 12, "gpus": []},
    "note": "mine", "starts": [{"id": "T", "started": "2026-11-21T07:00:00+00:00", "host": "rig"}],
    "replayed": false
  },
  "results": [
    {"num_ctx": 1024, "num_batch": 64, "prompt_eval_rate": 317.3, "colour": [1, {"a": 2.50}],
     "samples": [
       {"id": "A", "load_id": 1, "role": "measure", "excluded": null, "prompt_eval_count": 261,
        "prompt_eval_ms": 822.459, "fan": "loud"},
       {"id": "B", "role": "warm_up", "big": 12345678901234567890}]},
    {"num_ctx": 92160, "num_batch": 128, "prompt_eval_rate": null, "error": "CUDA OOM",
     "failure": {"kind": "out_of_memory", "message": "m", "attempts": 2, "core": "dump.7"}},
    {"num_ctx": 1024, "num_batch": 2048, "prompt_eval_rate": null,
     "alias_of": {"num_ctx": 1024, "num_batch": 1024}, "reason": "num_batch above num_ctx"},
    {"num_ctx": 2048, "num_batch": 64, "prompt_eval_rate": 317.3,
     "visits": [
       {"id": "V", "role": "measure", "started": "2026-11-21T07:00:00+00:00", "load_id": 4294967297,
        "start": "T", "door": "open"},
       {"id": "W", "role": "confirm", "load_id": 4294967298,
        "failure": {"kind": "timeout", "message": "m", "attempts": 1, "core": "dump.8"}}],
     "samples": [
       {"id": "E", "visit": "V", "load_id": 4294967297, "role": "measure", "excluded": null,
        "prompt_eval_count": 261, "prompt_eval_ms": 822.459, "unverified": true}]}
  ],
  "charts": {"theme": "dark"}
}
)";

/// The same of schema 2.
inline constexpr const char* kStoreOfAxes = R"({
  "metadata": {
    "schema_version": 2, "store_id": "f3c2", "total_tests": 8,
    "axes": [{"name": "num_ctx", "values": [1024, 2048]}, {"name": "num_thread", "values": [4, 8]},
             {"name": "use_mmap", "values": [false, true]}],
    "workload": "generate",
    "identity": {"model": "smollm2", "quant": "Q4_K_M"},
    "environment": {"host": "rig", "room": 12, "gpus": []},
    "baseline": {"num_ctx": 4096, "num_thread": 6, "source": "Modelfile"},
    "note": "mine", "replayed": false
  },
  "results": [
    {"num_ctx": 1024, "num_thread": 4, "use_mmap": false, "prompt_eval_rate": 317.3, "colour": [1],
     "samples": [
       {"id": "A", "load_id": 4294967297, "role": "measure", "excluded": null,
        "prompt_eval_count": 261, "prompt_eval_ms": 822.459, "fan": "loud"}]},
    {"num_ctx": 1024, "num_thread": 8, "use_mmap": true, "prompt_eval_rate": null,
     "failure": {"kind": "out_of_memory", "message": "m", "attempts": 2, "core": "dump.7"}},
    {"num_ctx": 2048, "num_thread": 8, "use_mmap": true, "prompt_eval_rate": null,
     "alias_of": {"num_ctx": 1024, "num_thread": 8, "use_mmap": true}, "reason": "r"},
    {"prompt_tokens": 256, "num_predict": 64, "prompt_eval_rate": null,
     "visits": [
       {"id": "V", "role": "measure", "started": "2026-11-21T07:00:00+00:00", "load_id": 4294967298,
        "door": "open"}],
     "samples": [{"id": "E", "visit": "V", "load_id": 4294967298, "role": "warm_up"}]}
  ],
  "charts": {"theme": "dark"}
}
)";

}  // namespace ollama_bench
