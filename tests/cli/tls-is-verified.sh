# shellcheck shell=bash source=tests/cli/lib.sh
# A certificate nobody signed: tls-failed, unless --cacert names it or
# --insecure says not to look.
source "$TESTS/cli/lib.sh"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
    -addext 'subjectAltName=IP:127.0.0.1' 2>/dev/null || skip "no openssl"
echo '<title>over TLS</title>' >page.html
coproc TLS { exec openssl s_server -accept 127.0.0.1:0 -cert cert.pem \
    -key key.pem -WWW 2>&1; }
# shellcheck disable=SC2153 # set by coproc
tls_pid=$TLS_PID
trap 'kill $tls_pid' EXIT
while read -r word place <&"${TLS[0]}"; do
    [[ $word == ACCEPT ]] && break
done
echo "https://${place}/page.html" >list
for option in '' --cacert=cert.pem --insecure; do
    fg_quiet list ${option:+"$option"} -e '<title>.*?</title>' -o "out$option"
    echo "status $?"
    outcomes "out$option"
    matches "out$option" match
done
