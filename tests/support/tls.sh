# shellcheck shell=bash
#
# tls.sh - certificates for the tests, signed by an authority of their own. To
# be sourced by bash.
#
# tls_authority NAME         NAME.pem and NAME.key
# tls_certificate NAME CA SAN [OPTION...]
#                            NAME.pem and NAME.key for the names SAN
#                            (IP:127.0.0.1,DNS:example.test), signed by CA
#
# Both return 1 where there is no openssl.

tls_new() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -keyout "$1.key" -subj "/CN=$1" "${@:2}" 2>/dev/null
}

tls_authority() {
    tls_new "$1" -x509 -days 2 -out "$1.pem" \
        -addext basicConstraints=critical,CA:TRUE
}

tls_certificate() {
    tls_new "$1" -out "$1.csr" &&
        openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" \
            -CAcreateserial -days 2 -extfile <(echo "subjectAltName=$3") \
            "${@:4}" -out "$1.pem" 2>/dev/null
}
