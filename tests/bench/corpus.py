"""What is fetched and searched, and the nginx that serves it.

Everything lies in one private directory on tmpfs:

    www/doc/      the HTML pages of Debian's python3-doc
    www/small/    20,000 pages of 4 kB
    tree/0 … 9    the python3-doc pages, ten copies
    tree10/       ten times tree/, by hard links (for the memory lines)
    *.urls        lists of URLs
    *.curl        the same for `curl --config`, with an output each
    rules-N       N generated patterns
    pages.warc.gz the pages of tree/, fetched and kept
"""

import glob
import os
import shutil
import subprocess

from measure import run

DOC = "/usr/share/doc/python3-doc/html"
NGINX_SH = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "..", "support", "nginx.sh")
SERVE = """
. "$1"
trap nginx_stop EXIT
nginx_serve_dir "$2" || exit 1
echo "$NGINX_PORT"
read -r _ || :
"""
SMALL_PAGES = 20000
SMALL_SIZE = 4096


class Corpus:
    def __init__(self, directory):
        self.dir = directory
        self.www = self.path("www")
        self.docs = self.copy_docs()
        self.small = self.make_small()
        self.server = None
        self.others = []

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def copy_docs(self):
        """Returns the paths below www/."""
        names = []
        for folder, _, files in os.walk(os.path.realpath(DOC)):
            names += (os.path.join(folder, f) for f in files
                      if f.endswith(".html"))
        names.sort()
        if not names:
            raise SystemExit(f"bench: no pages in {DOC}; python3-doc is "
                             "missing, or dpkg leaves documentation out")
        paths = []
        for name in names:
            path = "doc/" + os.path.relpath(name, os.path.realpath(DOC))
            target = os.path.join(self.www, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(name, target)
            paths.append(path)
        return paths

    def make_small(self):
        paths = []
        for i in range(SMALL_PAGES):
            path = f"small/{i // 1000:02d}/{i:05d}.html"
            if i % 1000 == 0:
                os.makedirs(os.path.join(self.www, os.path.dirname(path)))
            head = (f"<html><head><title>Page {i}</title>\n"
                    f'<meta name="page" content="{i}">\n</head><body>\n')
            tail = "\n</body></html>\n"
            lines = f"This is page {i}, and it goes on for a while.\n" * 100
            with open(os.path.join(self.www, path), "w") as page:
                page.write(head)
                page.write(lines[:SMALL_SIZE - len(head) - len(tail)] + tail)
            paths.append(path)
        return paths

    def make_tree(self):
        """tree/, made when a line first asks for it."""
        tree = self.path("tree")
        if not os.path.exists(tree):
            for copy in range(10):
                shutil.copytree(self.path("www", "doc"),
                                os.path.join(tree, str(copy)))
        return tree

    def make_tree10(self):
        tree10 = self.path("tree10")
        if not os.path.exists(tree10):
            tree = self.make_tree()
            for copy in range(10):
                shutil.copytree(tree, os.path.join(tree10, str(copy)),
                                copy_function=os.link)
        return tree10

    def make_warc(self, run_kept):
        """pages.warc.gz: the pages of tree/ in one archive, with no index."""
        warc = self.path("pages.warc.gz")
        if not os.path.exists(warc):
            command = run_kept(self.urls("docs-10", self.docs, 10), 10)
            run(command, self.dir)
            pages = glob.glob(command.fresh[0] + "/pages/*.warc.gz")
            shutil.move(*pages, warc)
        return warc

    def serve(self):
        environment = dict(os.environ, TMPDIR=self.dir)
        self.server = subprocess.Popen(
            ["bash", "-c", SERVE, "serve", NGINX_SH, self.www],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment, start_new_session=True)
        port = self.server.stdout.readline().strip()
        if not port:
            raise SystemExit("bench: no nginx to fetch from")
        self.base = f"http://127.0.0.1:{port}/"

    def start(self, argv):
        """Another server, until the end; returns the port that it prints."""
        other = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, TMPDIR=self.dir), start_new_session=True)
        self.others.append(other)
        port = other.stdout.readline().strip()
        if not port:
            raise SystemExit(f"bench: {argv[0]} does not start")
        return port

    def stop(self):
        # The end of its input stops it; so does our own death.
        for server in [*self.others, self.server]:
            if server:
                server.stdin.close()
                server.wait()

    def urls(self, name, paths, times=1):
        """A list of URLs; returns its path."""
        listing = self.path(name + ".urls")
        if not os.path.exists(listing):
            with open(listing, "w") as out:
                for _ in range(times):
                    out.writelines(self.base + path + "\n" for path in paths)
        return listing

    def curl_config(self, listing, directory=None):
        """The same list for curl, to files of a directory or to nowhere."""
        config = listing.replace(".urls", ".curl")
        with open(listing) as urls, open(config, "w") as out:
            for i, url in enumerate(urls):
                target = f"{directory}/{i:06d}" if directory else os.devnull
                out.write(f"url = {url}output = {target}\n")
        return config
