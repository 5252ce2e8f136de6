#include "doctor_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <system_error>

#include "ollama_bench/core/text.h"
#include "ollama_bench/ollama/client_proxy.h"
#include "ollama_bench/ollama/model_list.h"
#include "ollama_bench/session/leftovers.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

constexpr std::chrono::milliseconds kTimeout{10'000};
constexpr std::string_view kTopic = "client";

ProcessOutcome RunClient(const DoctorSubject& subject, const fs::path& program,
                         std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program.string());
  return subject.runner.Run(
      {std::move(arguments), ClientEnvironment(subject.api.address()), {}, kTimeout}, subject.stop);
}

std::string LastLine(const std::string& output) {
  const std::string_view text = Trim(output);
  return Printable(text.substr(text.rfind('\n') + 1), false);
}

Finding OtherServer(const DoctorSubject& subject, std::string_view what) {
  return {Level::kProblem, std::string(kTopic),
          fmt::format("the program reaches another server than {}: {}", subject.api.address().Url(),
                      what),
          std::string(kOtherServerRemedy)};
}

// The models that one shows and the other does not, or with another digest.
std::optional<Finding> CompareModels(const DoctorSubject& subject, const fs::path& program) {
  const ProcessOutcome outcome = RunClient(subject, program, {"list"});
  if (outcome.end != ProcessOutcome::End::kExited) return std::nullopt;
  if (outcome.exit_code != 0) {
    return OtherServer(
        subject, fmt::format("`ollama list` ends with \"{}\"", LastLine(outcome.stderr_tail)));
  }
  const auto models = subject.api.Models();
  if (!models) return std::nullopt;
  const std::vector<ListedModel> listed = ParseModelList(outcome.stdout_tail);
  // A list that was cut shows too little, never too much.
  for (const ListedModel& model : listed) {
    const ModelListing* found = FindModel(*models, model.name);
    if (found != nullptr && IsListed({model}, found->name, found->digest)) continue;
    return OtherServer(subject,
                       fmt::format("`ollama list` shows {} ({}), which is not there",
                                   Printable(model.name, false), Printable(model.id, false)));
  }
  if (listed.empty() && !models->empty()) {
    return OtherServer(
        subject, fmt::format("`ollama list` shows no model, and it has {}", models->front().name));
  }
  return std::nullopt;
}

// `ollama create` without a Modelfile would take such files of the present folder for a model.
bool IsNearWeights() {
  std::error_code error;
  const auto files = fs::directory_iterator(".", error);
  return error || std::any_of(begin(files), end(files), [](const auto& file) {
           const std::string type = file.path().extension().string();
           return type == ".gguf" || type == ".safetensors" || type == ".bin" || type == ".pth";
         });
}

// A text that is no Modelfile: a program that sees it says so, before it asks the server.
std::optional<Finding> LookForFolder(const DoctorSubject& subject, const fs::path& program) {
  if (IsNearWeights()) return std::nullopt;
  const auto scratch = ScratchFolder::MakeKeepingOthers();
  if (!scratch) return std::nullopt;
  const fs::path file = scratch->path() / "Modelfile";
  std::ofstream(file) << "This is no Modelfile.\n";
  const ProcessOutcome outcome =
      RunClient(subject, program, {"create", "ollama-bench-doctor", "-f", file.string()});
  if (!SaysModelfileIsUnseen(outcome.stderr_tail)) return std::nullopt;
  return Finding{Level::kProblem, std::string(kTopic),
                 fmt::format("the program cannot see the temporary folder {}: {}",
                             ScratchParent().string(), kUnseenFolder),
                 std::string(kUnseenFolderRemedy)};
}

}  // namespace

std::vector<Finding> ExamineClient(const DoctorSubject& subject, const fs::path& program) {
  std::vector<Finding> findings;
  const ServerAddress& address = subject.api.address();
  if (const auto proxy = FindClientProxy(address)) {
    findings.push_back({Level::kNote, std::string(kTopic), DescribeProxy(*proxy),
                        fmt::format("for commands of your own: NO_PROXY={}", address.host)});
  }
  for (const auto examine : {CompareModels, LookForFolder}) {
    if (auto finding = examine(subject, program)) findings.push_back(std::move(*finding));
  }
  const bool differs = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.level == Level::kProblem;
  });
  if (!differs) {
    findings.push_back(
        {Level::kGood, std::string(kTopic), "the program reaches the same server", {}});
  }
  return findings;
}

}  // namespace ollama_bench
