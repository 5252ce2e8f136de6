#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "support/stand_in/modelfile.h"
#include "support/stand_in/script.h"

namespace ollama_bench::stand_in {

using Parameters = std::vector<std::pair<std::string, std::string>>;

struct Model {
  std::string name;     ///< with its tag, "cell:latest"
  std::string digest;   ///< 64 hexadecimal digits that change with the content
  std::string weights;  ///< digest of the weights: two models with the same share one runner
  std::string parent;   ///< the FROM model, or empty
  Parameters parameters;
  std::int64_t trained_context = 8192;
  std::int64_t size = 98'363'007;
  std::vector<std::string> capabilities = {"completion"};
  std::string remote_host = {};  ///< of a model that runs elsewhere
};

/// `name` with ":latest" where it has no tag.
std::string FullName(const std::string& name);

/// 64 hexadecimal digits, different for different `content`.
std::string FakeDigest(std::string_view content);

/// The last value of a whole-number parameter; as in Ollama, of a repeated one the last wins.
std::optional<std::int64_t> IntParameter(const Parameters& parameters, const std::string& name);

/// The models on disk. Kept in a file of OLLAMA_MODELS, so that they outlive the server as the real
/// ones do.
class Models {
 public:
  /// The script's models, or SmolLM2 as the transcripts have it.
  explicit Models(const Script& script);

  /// Takes the models of a folder of OLLAMA_MODELS for all there are, where it has manifests:
  /// those whose blobs are there, with the script's attributes where it lists them.
  void ReadFolder(const Script& script, const std::string& folder);

  [[nodiscard]] const Model* Find(const std::string& name) const;
  [[nodiscard]] const std::vector<Model>& all() const { return models_; }

  /// Makes `name` from a Modelfile that lies in `folder`. The error is Ollama's text after "Error:
  /// ".
  Expected<Model, std::string> Create(const std::string& name, const Modelfile& modelfile,
                                      const std::string& folder);
  /// False where there is no such model.
  bool Remove(const std::string& name);

  [[nodiscard]] Json Save() const;
  void Restore(const Json& saved);

 private:
  void Put(Model model);

  std::vector<Model> models_;
};

}  // namespace ollama_bench::stand_in
