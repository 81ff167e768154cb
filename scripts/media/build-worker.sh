#!/bin/sh
# Builds mediasoup's worker on Debian against Debian's own libraries, from the sources that its npm package brings along:
# nothing is downloaded.
# usage: build-worker.sh SOURCES SUBPROJECTS JOBS OUT
#   SOURCES      worker/ of the mediasoup package; left as it is
#   SUBPROJECTS  what stands in for the libraries that upstream downloads
#   JOBS         compilers at once
#   OUT          the binary; made last
set -eu
sources=$1 subprojects=$2 jobs=$3 out=$4

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cp -R "$sources/." "$work"
cd "$work"

# patch FILE WHAT_MUST_BE_THERE SED_EXPRESSION...: a patch that no longer fits must not pass in silence.
patch() {
  file=$1 present=$2
  shift 2
  grep -qE -- "$present" "$file" || { echo "$file has changed: there is no \"$present\" to patch" >&2; exit 1; }
  sed -i -E "$@" "$file"
}

# Debian 12 has meson 1.0.1, whose features suffice; the stand-ins know none of the options for the downloaded libraries.
patch meson.build "meson_version: '>= 1\.1\.0'" "s/meson_version: '>= 1\.1\.0'/meson_version: '>= 1.0.0'/"
patch meson.build "'tests=disabled'" "/'(build_tests|build_benchmarks|crypto-library|crypto-library-kdf|tests|sctp_build_programs)=/d"

# A BIO callback's result is OpenSSL's: "always 1" tells an OpenSSL that has kernel TLS (Debian's) that it is on, which then
# makes no write buffer and dies in the first DTLS handshake. Called after an operation, it must hand through what that gave:
# https://docs.openssl.org/3.0/man3/BIO_set_callback/
patch src/RTC/DtlsTransport.cpp 'operationType == BIO_CB_RETURN' 's/\(operationType == BIO_CB_RETURN\)/((operationType \& BIO_CB_RETURN) != 0)/'

rm -f subprojects/*.wrap
cp -R "$subprojects/." subprojects

meson setup --buildtype release -Db_ndebug=true -Dms_disable_liburing=true build
# Upstream's meson.build does not say that everything needs the generated headers.
meson compile -C build flatbuffers-generator
ninja -C build -j "$jobs" mediasoup-worker
install -m 755 -s build/mediasoup-worker "$out"
