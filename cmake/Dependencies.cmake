# Debian 12's packages are the floor; newer releases of each must build too.
find_package(PkgConfig REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(fmt 9.1 REQUIRED)
find_package(tl-expected REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
# Headers alone: Boost.Math's distributions, Boost.Asio's event loop, Boost.Beast's HTTP parser.
find_package(Boost 1.74 REQUIRED)
find_package(Threads REQUIRED)

# yaml-cpp 0.7 names its target without a namespace, 0.8 with one.
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()

# Debian ships cpp-httplib compiled, with a pkg-config file; other systems with a CMake package.
find_package(httplib CONFIG QUIET)
if(NOT TARGET httplib::httplib)
  pkg_check_modules(httplib REQUIRED IMPORTED_TARGET GLOBAL cpp-httplib)
  add_library(httplib::httplib ALIAS PkgConfig::httplib)
endif()

pkg_check_modules(cairo REQUIRED IMPORTED_TARGET GLOBAL cairo>=1.16 cairo-ft>=1.16)
find_package(Freetype REQUIRED)
# Fonts of the system, for letters that the embedded font lacks; cairo depends on it anyway.
pkg_check_modules(fontconfig REQUIRED IMPORTED_TARGET GLOBAL fontconfig>=2.13)

# SHA-256 of the prompt, and HTTPS; cpp-httplib brings it along anyway.
find_package(OpenSSL REQUIRED COMPONENTS Crypto SSL)
find_package(PNG REQUIRED)

# For `export --postgres`; without it that option says so.
pkg_check_modules(libpq QUIET IMPORTED_TARGET GLOBAL libpq)

# Embedded into the program, so that pictures come out right on a machine without fonts.
find_file(OLLAMA_BENCH_FONT DejaVuSans.ttf
  PATHS /usr/share/fonts /usr/local/share/fonts /opt/homebrew/share/fonts
  PATH_SUFFIXES truetype/dejavu dejavu TTF dejavu-sans-fonts
  DOC "DejaVuSans.ttf, embedded for pictures")
if(NOT OLLAMA_BENCH_FONT)
  message(FATAL_ERROR "DejaVuSans.ttf was not found. Install Debian's fonts-dejavu-core, "
    "or name the file with -DOLLAMA_BENCH_FONT=/path/to/DejaVuSans.ttf.")
endif()
