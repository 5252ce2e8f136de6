#pragma once

#include <cerrno>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/store/file_system.h"

namespace ollama_bench {

/// What goes wrong, and when.
struct Fault {
  static constexpr int kShortWrite = -1;

  int first_call = std::numeric_limits<int>::max();  ///< counted from 0 over all methods
  bool for_good = false;                             ///< this call alone, or all from it on
  int error = EIO;                                   ///< an errno value, or kShortWrite
  bool after_effect = false;  ///< the call does its work, then reports the error
};

/// Passes every call on to a real file system, except the ones that are to fail.
class FaultyFileSystem : public FileSystem {
 public:
  explicit FaultyFileSystem(FileSystem& real) : real_(real) {}

  Fault fault;
  int calls = 0;
  std::vector<std::string> trace;  ///< the methods that were called

  /// Whether the fault's first call has come.
  [[nodiscard]] bool Happened() const { return calls > fault.first_call; }

  Expected<FileText, IoError> Read(const std::filesystem::path& path) override {
    return Pass("Read", [&] { return real_.Read(path); });
  }
  Expected<std::unique_ptr<InputFile>, IoError> OpenToRead(
      const std::filesystem::path& path) override {
    return Pass("OpenToRead", [&]() -> Expected<std::unique_ptr<InputFile>, IoError> {
      auto input = real_.OpenToRead(path);
      if (!input) return input;
      return std::make_unique<Input>(*this, std::move(*input));
    });
  }
  Expected<FileStatus, IoError> Stat(const std::filesystem::path& path) override {
    return Pass("Stat", [&] { return real_.Stat(path); });
  }
  Expected<std::filesystem::path, IoError> ResolveLinks(
      const std::filesystem::path& path) override {
    return Pass("ResolveLinks", [&] { return real_.ResolveLinks(path); });
  }
  Expected<std::unique_ptr<OutputFile>, IoError> CreateNew(
      const std::filesystem::path& path, std::optional<unsigned> permissions) override {
    return Pass("CreateNew", [&]() -> Expected<std::unique_ptr<OutputFile>, IoError> {
      auto output = real_.CreateNew(path, permissions);
      if (!output) return output;
      return std::make_unique<Output>(*this, std::move(*output));
    });
  }
  Expected<std::unique_ptr<OutputFile>, IoError> OpenToAppend(const std::filesystem::path& path,
                                                              std::int64_t size) override {
    return Pass("OpenToAppend", [&]() -> Expected<std::unique_ptr<OutputFile>, IoError> {
      auto output = real_.OpenToAppend(path, size);
      if (!output) return output;
      return std::make_unique<Output>(*this, std::move(*output));
    });
  }
  Expected<void, IoError> Rename(const std::filesystem::path& from,
                                 const std::filesystem::path& to) override {
    return Pass("Rename", [&] { return real_.Rename(from, to); });
  }
  Expected<void, IoError> SyncFolder(const std::filesystem::path& folder) override {
    return Pass("SyncFolder", [&] { return real_.SyncFolder(folder); });
  }
  Expected<void, IoError> Remove(const std::filesystem::path& path) override {
    return Pass("Remove", [&] { return real_.Remove(path); });
  }

 private:
  class Input : public InputFile {
   public:
    Input(FaultyFileSystem& owner, std::unique_ptr<InputFile> real)
        : owner_(owner), real_(std::move(real)) {}
    Expected<std::string, IoError> ReadAt(std::int64_t offset, std::size_t count) override {
      return owner_.Pass("ReadAt", [&] { return real_->ReadAt(offset, count); });
    }

   private:
    FaultyFileSystem& owner_;
    std::unique_ptr<InputFile> real_;
  };

  class Output : public OutputFile {
   public:
    Output(FaultyFileSystem& owner, std::unique_ptr<OutputFile> real)
        : owner_(owner), real_(std::move(real)) {}
    Expected<std::size_t, IoError> Write(std::string_view bytes) override {
      const bool is_short = owner_.fault.error == Fault::kShortWrite && owner_.FailsNow();
      if (is_short) ++owner_.calls;
      if (is_short) return real_->Write(bytes.substr(0, (bytes.size() + 1) / 2));
      return owner_.Pass("Write", [&] { return real_->Write(bytes); });
    }
    Expected<FileStamp, IoError> Sync() override {
      return owner_.Pass("Sync", [&] { return real_->Sync(); });
    }

   private:
    FaultyFileSystem& owner_;
    std::unique_ptr<OutputFile> real_;
  };

  [[nodiscard]] bool FailsNow() const {
    return fault.for_good ? calls >= fault.first_call : calls == fault.first_call;
  }

  template <class Call>
  auto Pass(const char* name, Call&& call) -> decltype(call()) {
    trace.emplace_back(name);
    const bool fails = FailsNow() && fault.error != Fault::kShortWrite;
    ++calls;
    if (!fails) return call();
    if (fault.after_effect) (void)call();
    return Unexpected<IoError>(IoError{fault.error, "injected"});
  }

  FileSystem& real_;
};

}  // namespace ollama_bench
