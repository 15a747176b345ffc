#!/bin/sh
# Who may include whom: base <- model <- the stages <- run <- cli; stages never
# include each other; a library's header has its home. Reads the #include
# lines of src/ and include/.
set -eu
cd "$(dirname "$0")/../.."

# shellcheck disable=SC2016  # the dollars are awk's
find src include -name '*.[ch]' | sort | xargs awk '
function module(path) {
    sub(/^src\//, "", path); sub(/^include\//, "", path)
    sub(/^fetchgrep\//, "", path)
    sub(/\.h$/, "", path); sub(/\/.*/, "", path)
    return path
}
function rank(m) {
    if (m == "base") return 0
    if (m == "model") return 1
    if (m ~ /^(manifest|frontier|fetch|archive|extract|record)$/) return 2
    if (m == "run") return 3
    if (m == "cli") return 4
    return -1
}
function fault(text) {
    printf "%s:%d: %s: %s\n", FILENAME, FNR, text, $0; faults++
}
# Libraries that only some sources may see.
function home(header, path) {
    if (header ~ /^curl\//) return path ~ /^src\/(fetch\/|model\/url\.c)/
    if (header == "pcre2.h") return path ~ /^src\/extract\//
    if (header == "omp.h") return path == "src/run/team_threads.c"
    if (header ~ /^(zlib|libdeflate)\.h$/) return path == "src/base/codec_gzip.c"
    if (header ~ /^openssl\//)
        return path ~ /^src\/(base\/digest|fetch\/check)\.c$/
    if (header == "libpsl.h") return path ~ /^src\/fetch\/cookies?\.[ch]$/
    if (header == "zstd.h") return path ~ /^src\/base\/(codec_)?zstd/
    if (header ~ /^brotli\//) return path == "src/base/codec_brotli.c"
    if (header ~ /^(iconv|uchardet\/uchardet)\.h$/)
        return path ~ /^src\/extract\/charset/
    if (header == "hs/hs.h") return path ~ /^src\/extract\/prefilter(_scan)?\.[ch]$/
    if (header == "ares.h") return path ~ /^src\/fetch\/lookup(s|_reply)\.c$/
    if (header == "idn2.h") return path == "src/model/url_host.c"
    if (header == "jansson.h")
        return path ~ /^src\/(archive|manifest|record|run\/(result_line|run_facts))[\/.]/
    return 1
}
/^[ \t]*#[ \t]*include/ {
    header = $2; gsub(/["<>]/, "", header)
    if (!home(header, FILENAME)) fault("this library has another home")
    if (header ~ /\.\.\//) fault("reaches into another folder")
    if (header !~ /^fetchgrep\//) next
    from = module(FILENAME); to = module(header)
    if (rank(to) < 0) fault("unknown module " to)
    else if (rank(to) > rank(from)) fault(from " may not include " to)
    else if (rank(to) == 2 && rank(from) == 2 && from != to)
        fault("stages may not include each other")
}
END { if (faults) { printf "%d faults in the layers\n", faults; exit 1 } }
'
