#include <gtest/gtest.h>

#include <fstream>

#include "support/real_ollama_server.h"

namespace ollama_bench::testing {
namespace {

TEST(RealOllamaTest, TellsTheVersionThatTheTestsAreWrittenFor) {
  EXPECT_EQ(RealOllamaServer::Shared().Version(),
            RealOllamaServer::IsNewGeneration() ? "0.32.15" : "0.11.4");
}

TEST(RealOllamaTest, PrintsAllEightLinesOfItsVerboseBlock) {
  const RealOllamaServer& server = RealOllamaServer::Shared();
  std::ofstream(server.folder() / "cell.modelfile")
      << "FROM " << RealOllamaServer::kModel
      << "\nPARAMETER num_ctx 512\nPARAMETER num_predict 2\n";
  ASSERT_EQ(server.Run({"create", "cell", "-f", "cell.modelfile"}).exit_code, 0);
  const Ended ended =
      server.Run({"run", "cell", "--verbose", "--nowordwrap"}, "Why is the sky blue");
  EXPECT_EQ(ended.exit_code, 0);
  for (const char* label :
       {"total duration: ", "load duration: ", "prompt eval count:    14 token(s)",
        "prompt eval duration: ", "prompt eval rate: ", "\neval count:           2 token(s)",
        "\neval duration: ", "\neval rate: "}) {
    EXPECT_NE(ended.err.find(label), std::string::npos) << label << " in " << ended.err;
  }
  EXPECT_EQ(server.Get("/api/ps")["models"][0]["context_length"], 512);
  server.UnloadAll();
  EXPECT_TRUE(server.Get("/api/ps")["models"].empty());
}

}  // namespace
}  // namespace ollama_bench::testing
