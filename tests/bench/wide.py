"""The wide case: many names, TLS to each, slow answers, and some dead ones.

2,000 names of a scripted name server, all of them this machine; each page is a
connection of its own, with a whole TLS handshake, to an nginx that hands the
request to a server which waits 50 ms. Every twentieth name is dead, in one of
the ways that names and hosts are: there is none, the name server fails, it says
nothing, or nobody listens at the address. Trusted is whom this system trusts,
and our own authority.
"""

import json
import os
import random
import subprocess

from corpus import NGINX_SH
from kinds import CountLine, Line
from measure import Command, Wrong, run

NAMES = 2000
PAGES_A_NAME = 10
DEAD = ["nx", "servfail", "silent", "ip-127-0-0-99"]
DEAD_OUTCOMES = {"dns-failed", "connect-failed"}
PEER_SHARE = 20  # the peer has every twentieth page: it takes so long

SITE = """
upstream slow {
    server 127.0.0.1:%(slow)s;
    keepalive 512;
}
server {
    listen 127.0.0.1:@PORT@ ssl backlog=4096;
    ssl_certificate "%(folder)s/server.pem";
    ssl_certificate_key "%(folder)s/server.key";
    ssl_session_tickets off;
    ssl_session_cache off;
    keepalive_timeout 0;
    location / {
        proxy_pass http://slow/wait?ms=50;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
    }
}
"""
SERVE = """
. "$1"
trap nginx_stop EXIT
nginx_start "$2" || exit 1
echo "$NGINX_PORT"
read -r _ || :
"""
CERTIFY = """
set -e
cd "$1"
new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
openssl req -x509 $new -keyout ca.key -out ca.pem -subj /CN=bench
openssl req $new -keyout server.key -out server.csr -subj /CN=wide.ok.test
printf 'subjectAltName=DNS:*.wide.ok.test' >server.ext
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial \\
    -days 2 -extfile server.ext -out server.pem
cat /etc/ssl/certs/ca-certificates.crt ca.pem >trusted.pem
"""


class WideLines:
    """Starts its servers when a line first asks for them."""

    def wide_names(self):
        return {
            "wide-cpu": self.wide_cpu,
            "wide-curl": self.wide_curl,
            "wide-dead": self.wide_dead,
        }

    def wide_cpu(self):
        """Our milliseconds of CPU a page."""
        return self.wide_count("wide-cpu", lambda mine: 1000 * mine, 2.5)

    def wide_curl(self):
        """CPU a page over curl's."""
        return self.wide_count("wide-curl",
                               lambda mine: mine / self.curl_cpu_a_page(), 0.15)

    def wide_dead(self):
        """Wall of the list with dead names over the list without them."""
        self.start_wide()
        return Line("wide-dead", self.wide(with_dead=True),
                    self.wide(with_dead=False), 1.15, runs=2)

    # ---- commands ------------------------------------------------------------

    def wide_count(self, name, of_cpu_a_page, limit):
        self.start_wide()
        ours = self.wide(with_dead=True)
        line = CountLine(name, ours, None, limit, runs=1)
        line.count = lambda: of_cpu_a_page(line.usage.cpu / ours.check())
        return line

    def wide(self, with_dead):
        def check():
            with open(self.out + "/summary.json") as text:
                outcomes = json.load(text)["outcomes"]
            failed = sum(count for word, count in outcomes.items()
                         if word in DEAD_OUTCOMES)
            pages = (NAMES - NAMES // 20) * PAGES_A_NAME
            dead = NAMES // 20 * PAGES_A_NAME if with_dead else 0
            if (outcomes.get("ok"), failed) != (pages, dead):
                raise Wrong(f"{outcomes}, not {pages} ok and {dead} failed")
            return pages
        listing = "wide.urls" if with_dead else "wide-alive.urls"
        return Command(
            [self.program, "fetch", self.corpus.path(listing), "--store",
             "none", "-o", self.out, "--allow-private", "--progress", "none",
             "--dns-servers", f"127.0.0.1:{self.dns_port}", "--cacert",
             self.corpus.path("trusted.pem"), "--connect-timeout", "2s"],
            fresh=[self.out], check=check)

    def curl_cpu_a_page(self):
        """The peer has no name to look up: it is told the address."""
        config = self.corpus.path("wide-peer.curl")
        with open(self.corpus.path("wide-alive.urls")) as urls:
            pages = list(urls)[::PEER_SHARE]
        with open(config, "w") as out:
            for url in pages:
                out.write(f"url = {url}output = {os.devnull}\n")
        peer = Command(
            ["curl", "-q", "-Z", "--parallel-max", "256", "--fail", "--silent",
             "--show-error", "--no-progress-meter", "--cacert",
             self.corpus.path("trusted.pem"), "--connect-to",
             f"::127.0.0.1:{self.tls_port}", "--config", config])
        return run(peer, self.corpus.dir).cpu / len(pages)

    # ---- servers and lists ----------------------------------------------------

    def start_wide(self):
        if hasattr(self, "tls_port"):
            return
        servers = os.path.join(self.tools, "..", "server")
        folder = self.corpus.dir
        made = subprocess.run(["sh", "-c", CERTIFY, "certify", folder],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)
        if made.returncode:
            raise SystemExit("bench: no certificates: " + made.stdout)
        slow_port = self.corpus.start([os.path.join(servers, "fault_server")])
        self.dns_port = self.corpus.start([os.path.join(servers, "dns_server")])
        site = self.corpus.path("wide.servers")
        with open(site, "w") as out:
            out.write(SITE % {"slow": slow_port, "folder": folder})
        self.tls_port = self.corpus.start(["bash", "-c", SERVE, "serve",
                                           NGINX_SH, site])
        self.write_wide_lists()

    def write_wide_lists(self):
        """In an order that is the same each time, and none of the names'."""
        pages = [(i, page) for i in range(NAMES) for page in range(PAGES_A_NAME)]
        random.Random(1).shuffle(pages)
        with open(self.corpus.path("wide.urls"), "w") as every, \
                open(self.corpus.path("wide-alive.urls"), "w") as alive:
            for i, page in pages:
                url = f"https://{name_of(i)}:{self.tls_port}/{page}\n"
                every.write(url)
                if i % 20:
                    alive.write(url)


def name_of(i):
    """n7.wide.ok.test is alive, n20.nx.test is not."""
    dead = DEAD[i // 20 % len(DEAD)]
    return f"n{i}.wide.ok.test" if i % 20 else f"n{i}.{dead}.test"
