// Our reading of Modelfiles against Ollama's: /api/show of a model made through our rewriting, and
// of one made by hand.
#include "ollama_bench/ollama/modelfile.h"

#include <httplib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

#include "real_run.h"

namespace ollama_bench::testing {
namespace {

namespace fs = std::filesystem;

struct Specimen {
  const char* text;
  bool refused_by_us = false;  ///< Ollama must refuse it as well
};

// In a folder with w.gguf, p.gguf (a projector) and "a b/w.gguf".
const Specimen kSpecimens[] = {
    {"FROM smollm2\n"},
    {"from smollm2\nparameter num_ctx 1024\n"},
    {"FROM   smollm2  \r\nPARAMETER num_ctx    1024   \r\n"},
    {"FROM smollm2\rPARAMETER top_k 7\rSYSTEM hi\r"},
    {"\xEF\xBB\xBF"
     "FROM smollm2\nSYSTEM bom\n"},
    {"# head\n  # blanks before\nFROM smollm2\n\n\n\t# tab\nSYSTEM   text with   blanks  \n"},
    {"FROM \"smollm2\"\nPARAMETER num_ctx \"8192\"\nPARAMETER num_batch \"\"\"256\"\"\"\n"},
    {"FROM smollm2\nSYSTEM \"\"\"\nPARAMETER num_ctx 7\nFROM nothing\n\"\"\"\nPARAMETER seed 3\n"},
    {"FROM smollm2\nSYSTEM \"one\ntwo\nthree\"\n"},
    {"FROM smollm2\nSYSTEM say \"hi\" to \"\"\"all\"\"\"\n"},
    {"FROM smollm2\nSYSTEM \"\"\"quotes \"inside\" of it\"\"\"\n"},
    {"FROM smollm2\nSYSTEM \"a\" and \"b\"\n"},
    {"FROM smollm2\nSYSTEM \"\"\n"},
    {"FROM smollm2\nSYSTEM caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\n"},
    {"FROM smollm2\nSYSTEM a\xC2\xA0"
     "b\xE2\x80\x8B"
     "c\x01"
     "d\n"},
    {"FROM smollm2\nSYSTEM bad \xFF\xFE bytes\n"},
    {"FROM smollm2\nTEMPLATE \"\"\"{{ if .System }}S: {{ .System }}{{ end }}\n{{ .Prompt "
     "}}\"\"\"\n"},
    {"FROM smollm2\nPARAMETER stop \"<end>\"\nPARAMETER stop \"\"\"two\nlines\"\"\"\nPARAMETER "
     "stop x\n"},
    {"FROM smollm2\nPARAMETER stop \"  blanks  \"\n"},
    {"FROM smollm2\nPARAMETER temperature 0.7\nPARAMETER top_p .5\nPARAMETER min_p 1e-2\n"},
    {"FROM smollm2\nPARAMETER temperature 1_0.5\nPARAMETER typical_p 0x1p-1\n"},
    {"FROM smollm2\nPARAMETER top_k +7\nPARAMETER repeat_last_n -1\nPARAMETER seed 007\n"},
    {"FROM smollm2\nPARAMETER use_mmap T\n"},
    {"FROM smollm2\nPARAMETER use_mmap false\nPARAMETER num_gpu 0\nPARAMETER main_gpu 0\n"},
    {"FROM smollm2\nPARAMETER num_ctx 1\nPARAMETER num_ctx 2048\nPARAMETER num_ctx 1048576\n"},
    {"FROM smollm2\nPARAMETER mirostat 1\nPARAMETER use_mlock maybe\n"},
    {"FROM smollm2\nPARAMETER system taken for SYSTEM\n"},
    {"PARAMETER model smollm2\n"},
    {"FROM smollm2\nMESSAGE user hello there\nMESSAGE assistant \"\"\"hi\nyou\"\"\"\n"},
    {"FROM smollm2\nLICENSE one\nLICENSE \"\"\"two\nlines\"\"\"\n"},
    {"FROM smollm2\nSYSTEM last without a line end"},
    {"FROM smollm2\nSYSTEM \"\"\"ends at the end\"\"\""},
    {"SYSTEM before\nFROM smollm2\n"},
    {"FROM smollm2:latest\nFROM smollm2\n"},
    {"FROM ./w.gguf\n"},
    {"FROM w.gguf\nPARAMETER num_ctx 512\n"},
    {"FROM \"a b/w.gguf\"\nSYSTEM spaced\n"},
    {"FROM a b/../a b/./w.gguf\n"},
    {"FROM ./w.gguf\nFROM ./p.gguf\n"},
    {"FROM ./p.gguf\nFROM ./w.gguf\nPARAMETER num_ctx 2048\n"},
    {"FROM ./w.gguf\nTEMPLATE {{ .Prompt }}\nPARAMETER stop END\n"},
    {"FROM smollm2\nFROM ./p.gguf\n"},
    {"FROM ./only\nSYSTEM a folder\n"},
    {"FROM \"./only/\"\n"},
    {"FROM ./s-00001-of-00002.gguf\nFROM ./s-00002-of-00002.gguf\n"},
    // Refused by both.
    {"FROM smollm2\nPARAMETER num_ctx 8k\n", true},
    {"FROM smollm2\nPARAMETER num_ctx 2048 # text\n", true},
    {"FROM smollm2\nPARAMETER num_ctx 1.5\n", true},
    {"FROM smollm2\nPARAMETER num_ctx 1_000\n", true},
    {"FROM smollm2\nPARAMETER num_ctx \"\n", true},
    {"FROM smollm2\nPARAMETER num_ctx\n", true},
    {"FROM smollm2\nPARAMETER  num_ctx 1\n", true},
    {"FROM smollm2\nPARAMETER NUM_CTX 1\n", true},
    {"FROM smollm2\nPARAMETER temperature 0.7   # keep it calm\n", true},
    {"FROM smollm2\nPARAMETER temperature 1e39\n", true},
    {"FROM smollm2\nPARAMETER temperature inf\n", true},
    {"FROM smollm2\nPARAMETER use_mmap yes\n", true},
    {"FROM smollm2\nPARAMETER num_ctxx 1\n", true},
    {"FROM smollm2\nMESSAGE tool hello\n", true},
    {"FROM smollm2\nMESSAGE  user hello\n", true},
    {"FROM smollm2\nFORM x\n", true},
    {"FROM smollm2\nSYSTEM \"\"\"open\n", true},
    {"FROM smollm2\nSYSTEM \"open\n", true},
    {"FROM smollm2\nPARAMETER", true},
    {"FROM\n", true},
    {"SYSTEM no from\n", true},
    {"", true},
    {"FROM ./gone.gguf\n", true},
    {"FROM w.gguf/x\n", true},
    {"FROM smollm2\nADAPTER ./gone\n", true},
    {"FROM ~nobody-of-this-name/x\n", true},
    {"FROM smollm2\nREQUIRES soon\n", true},
};

class RealModelfileTest : public RealRunTest {
 protected:
  RealModelfileTest() {
    const fs::path weights = std::getenv("OLLAMA_BENCH_REAL_GGUF");
    for (const char* folder : {"a b", "only", "out"}) fs::create_directory(folder_.path() / folder);
    for (const char* link : {"w.gguf", "a b/w.gguf"}) {
      fs::create_symlink(weights, folder_.path() / link);
    }
    fs::create_hard_link(MakeCopy(weights), folder_.path() / "only/w.gguf");
    WriteProjector(folder_.path() / "p.gguf");
    // Shards in name only: what Ollama makes of the set is its own matter, and the same by both
    // ways.
    fs::create_symlink(weights, folder_.path() / "s-00001-of-00002.gguf");
    fs::create_symlink(folder_.path() / "p.gguf", folder_.path() / "s-00002-of-00002.gguf");
  }

  fs::path MakeCopy(const fs::path& weights) const {
    const fs::path copy = folder_.path() / "copy.bin";
    fs::copy_file(weights, copy);
    return copy;
  }

  // A GGUF without tensors that Ollama takes for a projector.
  static void WriteProjector(const fs::path& file) {
    std::ofstream out(file, std::ios::binary);
    const auto number = [&out](auto value) {
      out.write(reinterpret_cast<const char*>(&value), sizeof value);
    };
    const auto text = [&](const std::string& value) {
      number(std::uint64_t{value.size()});
      out << value;
    };
    out << "GGUF";
    number(std::uint32_t{3});
    number(std::uint64_t{0});
    number(std::uint64_t{3});
    text("general.architecture");
    number(std::uint32_t{8});
    text("clip");
    text("general.type");
    number(std::uint32_t{8});
    text("projector");
    text("clip.vision.block_count");
    number(std::uint32_t{4});
    number(std::uint32_t{1});
    out << std::string(64, '\0');
  }

  [[nodiscard]] Ended Create(const std::string& name, const fs::path& modelfile) const {
    return server_.Run({"create", name, "-f", modelfile.string()});
  }
  [[nodiscard]] Json Show(const std::string& name) const {
    httplib::Client client("127.0.0.1", server_.port());
    const auto answer = client.Post("/api/show", Json{{"model", name}}.dump(), "application/json");
    Json shown = Json::parse(answer->body, nullptr, false);
    // What is of the name and the time, not of the model.
    for (const char* key : {"modified_at", "modelfile"}) shown.erase(key);
    if (shown.contains("details")) LeaveOutChance(shown["details"]);
    if (shown.contains("parameters")) shown["parameters"] = SortedLines(shown["parameters"]);
    return shown;
  }
  // v0.11.4 takes several files in the order of a hash table, and describes the first.
  static void LeaveOutChance(Json& details) {
    details.erase("parent_model");
    Json& families = details["families"];
    if (!families.is_array() || families.size() < 2) return;
    std::sort(families.begin(), families.end());
    for (const char* key : {"family", "parameter_size", "quantization_level"}) details.erase(key);
  }
  // Ollama lists parameters in the order of a hash table.
  static std::string SortedLines(const std::string& text) {
    std::istringstream in(text);
    std::set<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.insert(line);
    std::string sorted;
    for (const std::string& line : lines) sorted += line + "\n";
    return sorted;
  }

  // As CliDriver does, for a cell that sets num_ctx where the Modelfile does, and nothing else.
  [[nodiscard]] std::optional<std::string> CreateOurWay(const std::string& name,
                                                        const ModelfileTemplate& read) const {
    const fs::path file = folder_.path() / "out/Modelfile";
    std::string from = read.base;
    if (!read.weights.empty()) {
      from = name + "-base";
      std::ofstream(file) << FromLines(read.weights);
      const Ended imported = Create(from, file);
      if (imported.exit_code != 0) return imported.err;
    }
    std::vector<std::pair<std::string, std::string>> set;
    for (const auto& parameter : read.modelfile.Parameters()) {
      if (parameter.first == "num_ctx") set = {parameter};
    }
    std::ofstream(file) << read.modelfile.WithFrom(from).WithParameters(set);
    const Ended made = Create(name, file);
    return made.exit_code == 0 ? std::nullopt : std::optional(made.err);
  }
};

TEST_F(RealModelfileTest, EveryModelfileMakesTheModelThatItMakesByHand) {
  int compared = 0;
  int refused = 0;
  const fs::path file = folder_.path() / "Modelfile";
  for (const auto& [text, refused_by_us] : kSpecimens) {
    SCOPED_TRACE(text);
    std::ofstream(file, std::ios::binary) << text;
    const Ended by_hand = Create("by-hand", file);
    const auto modelfile = Modelfile::Parse(text);
    const auto read = modelfile ? ResolveModelfile(*modelfile, folder_.path())
                                : Unexpected<std::string>(modelfile.error());
    EXPECT_EQ(!read, refused_by_us) << (read ? "" : read.error());
    if (!read) {
      EXPECT_NE(by_hand.exit_code, 0) << "refused with: " << read.error();
      ++refused;
      continue;
    }
    const auto error = CreateOurWay("ours", *read);
    EXPECT_EQ(!error, by_hand.exit_code == 0) << error.value_or("") << by_hand.err;
    if (!error && by_hand.exit_code == 0) {
      EXPECT_EQ(Show("ours"), Show("by-hand"));
      ++compared;
    }
    (void)server_.Run({"rm", "by-hand", "ours"});
    (void)server_.Run({"rm", "ours-base"});
  }
  EXPECT_GE(compared, 40);
  EXPECT_GE(refused, 20);
  EXPECT_EQ(Models(), before_);
}

}  // namespace
}  // namespace ollama_bench::testing
