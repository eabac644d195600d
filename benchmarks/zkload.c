/* zkload: load generator for the ZooKeeper client protocol.
 *
 * Sessions are spread over the --hosts in turns. One epoll thread drives them all, so that the machine's other
 * core is the server's. It speaks only the public wire protocol: the same binary drives any server that listens
 * on the port. Every mode prints JSON lines on stdout and exits 0; a mode that holds something open prints
 * {"ready":...} first and goes on when a line (or the end) arrives on stdin.
 *
 *   cc -O2 -o zkload zkload.c                                          without TLS
 *   cc -O2 -DZKLOAD_TLS -o zkload zkload.c -lssl -lcrypto              with it
 *   ./zkload load  --hosts 127.0.0.1:2181 --op get --conns 32 --depth 1 --secs 5
 *   ./zkload idle  --sessions 1000                      hold sessions, pinging them
 *   ./zkload fill  --nodes 1000000 --root /fill         create znodes in directories of 1000
 *   ./zkload watch --sessions 1 --nodes 10000 --root /fill --via data --hold 1
 *   ./zkload probe --secs 10 --writes 4000              a get every millisecond beside paced sets
 *
 * load: closed loop, each of --conns sessions keeps --depth requests in flight.
 *   --op      get | exists | set | create | delete | ls | mix:<percent reads> (the rest are sets)
 *             churn = open a session, one exists, close it, again (a latency is the whole of it)
 *             word = connect, ask the four-letter word srvr, read to the end, again
 *   --size    bytes a znode (100)       --paths    znodes to spread over (1000)
 *   --children names in the directory that ls lists (100)
 *   --warmup  seconds before the figures start (1)
 *   --tls     a PEM file with the clients' key and certificate: all connections are TLS 1.3, none resumes a session
 *   --pid     server processes (comma between) whose CPU time is read at both ends of the measured window
 * watch: each of --sessions sessions watches each of --nodes znodes of a tree that `fill` made; one set per
 *   znode then fires them all, while another session does a get every millisecond (its worst latency is the stall).
 *   --via     data = one-shot watches by getData; persistent, recursive = addWatch
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef ZKLOAD_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>
#else
typedef void SSL;
#endif

enum { CREATE = 1, DELETE = 2, EXISTS = 3, GETDATA = 4, SETDATA = 5, PING = 11, GETCHILDREN2 = 12, ADDWATCH = 106, CLOSE = -11 };
enum { NONODE = -101, NODEEXISTS = -110 };
enum { WATCH_NONE, WATCH_DATA, WATCH_PERSISTENT, WATCH_RECURSIVE };
enum { SESSION_TIMEOUT_MS = 30000, OPENING_AT_ONCE = 32, PIPELINE = 512, PER_DIRECTORY = 1000, PROBE_RING = 1 << 16, MAX_LOST = 10000, DRAIN_S = 30 };

typedef struct Conn Conn;
struct Conn {
    int fd, host, index;
    int32_t xid;
    uint64_t *sent; /* ring of send times, one per request in flight */
    int ring, head, inflight;
    bool up, closing, gone, want_out;
    unsigned char *in, *out;
    size_t in_len, in_cap, out_len, out_off, out_cap;
    uint64_t last_sent;
    SSL *tls;
    void (*on_up)(Conn *);
    void (*on_reply)(Conn *, int32_t err, uint64_t latency_ns); /* may close the connection: `gone` tells */
    void (*on_lost)(Conn *);
};

static char *hosts[64];
static int n_hosts, epfd;
static int n_conns = 1, depth = 1, size = 100, paths = 1000, children = 100;
static int sessions = 1, nodes = 1000, hold, writes_per_s, read_pct = -1, watch_via = WATCH_DATA;
static double secs = 5, warmup = 1;
static const char *op = "get", *root = "/fill", *via = "data", *server_pids = "", *tls_file = "";
static bool stopping;
static uint64_t events, errors, lost;
static uint64_t moment; /* when what is being looked at was received: one look at the clock for all of it */
static char payload[1 << 20];

static void die(const char *what) {
    fprintf(stderr, "zkload: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(1);
}
static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}
static double since(uint64_t t0) { return (double)(now_ns() - t0) / 1e9; }
static uint64_t rnd(void) {
    static uint64_t s = 88172645463325252ULL;
    s ^= s << 13; s ^= s >> 7; s ^= s << 17;
    return s;
}
static void *grow(void *p, size_t n) {
    p = realloc(p, n);
    if (!p) die("out of memory");
    return p;
}

/* ---- latencies: a log-linear histogram, under 1% wide, so a run of any length fits ---- */

typedef struct { uint64_t n, max, buckets[64 * 128]; } Histogram;
static Histogram latencies, probe_latencies;

static void histogram_add(Histogram *h, uint64_t ns) {
    size_t shift = ns < 256 ? 0 : (size_t)(63 - __builtin_clzll(ns)) - 7;
    h->buckets[shift * 128 + (size_t)(ns >> shift)]++;
    h->n++;
    if (ns > h->max) h->max = ns;
}
static double histogram_us(const Histogram *h, double quantile) {
    uint64_t rank = (uint64_t)(quantile * (double)(h->n ? h->n - 1 : 0)), seen = 0;
    for (size_t i = 0; h->n && i < sizeof h->buckets / sizeof *h->buckets; i++) {
        seen += h->buckets[i];
        if (seen > rank) {
            size_t shift = i < 256 ? 0 : i / 128 - 1;
            double ns = ((double)(i - shift * 128) + 0.5) * (double)(1ULL << shift);
            return (ns < (double)h->max ? ns : (double)h->max) / 1000;
        }
    }
    return 0;
}
static void print_latencies(const char *prefix, const Histogram *h) {
    printf("\"%sp50_us\":%.1f,\"%sp99_us\":%.1f,\"%sp999_us\":%.1f,\"%smax_us\":%.1f", prefix, histogram_us(h, .5),
           prefix, histogram_us(h, .99), prefix, histogram_us(h, .999), prefix, (double)h->max / 1000);
}

/* ---- wire ---- */

static unsigned char *p32(unsigned char *p, int32_t v) { uint32_t n = htonl((uint32_t)v); memcpy(p, &n, 4); return p + 4; }
static unsigned char *p64(unsigned char *p, int64_t v) { p = p32(p, (int32_t)(v >> 32)); return p32(p, (int32_t)v); }
static unsigned char *pbuf(unsigned char *p, const void *d, int n) { p = p32(p, n); memcpy(p, d, (size_t)n); return p + n; }
static int32_t g32(const unsigned char *p) { uint32_t n; memcpy(&n, p, 4); return (int32_t)ntohl(n); }

static unsigned char *reserve(Conn *c, size_t n) {
    if (c->out_off == c->out_len) c->out_off = c->out_len = 0;
    if (c->out_len + n > c->out_cap) c->out = grow(c->out, c->out_cap = (c->out_len + n) * 2);
    return c->out + c->out_len;
}
static void put_connect(Conn *c) {
    static const unsigned char no_password[16];
    unsigned char *s = reserve(c, 64), *p = s + 4;
    p = p32(p, 0); p = p64(p, 0); p = p32(p, SESSION_TIMEOUT_MS); p = p64(p, 0);
    p = pbuf(p, no_password, sizeof no_password);
    *p++ = 0;
    p32(s, (int32_t)(p - s - 4));
    c->out_len += (size_t)(p - s);
}
static void put_request(Conn *c, int type, const char *path, int watch) {
    unsigned char *s = reserve(c, 256 + (size_t)size), *p = s + 4;
    p = p32(p, type == PING ? -2 : ++c->xid);
    p = p32(p, type);
    if (path) p = pbuf(p, path, (int)strlen(path));
    switch (type) {
    case CREATE:
        p = pbuf(p, payload, size);
        p = p32(p, 1); p = p32(p, 31); p = pbuf(p, "world", 5); p = pbuf(p, "anyone", 6);
        p = p32(p, 0);
        break;
    case DELETE: p = p32(p, -1); break;
    case SETDATA: p = pbuf(p, payload, size); p = p32(p, -1); break;
    case EXISTS: case GETDATA: case GETCHILDREN2: *p++ = watch == WATCH_DATA; break;
    case ADDWATCH: p = p32(p, watch == WATCH_RECURSIVE); break;
    }
    p32(s, (int32_t)(p - s - 4));
    c->out_len += (size_t)(p - s);
    c->last_sent = moment ? moment : now_ns();
    if (type != PING) {
        if (c->inflight == c->ring) die("more in flight than planned");
        c->sent[(c->head + c->inflight++) % c->ring] = c->last_sent;
    }
}

/* ---- bytes in and out, encrypted or not; as send and recv, with EAGAIN where there is nothing to be done now ---- */

#ifdef ZKLOAD_TLS
static SSL_CTX *tls_context;

static void prepare_tls(void) {
    tls_context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(tls_context, TLS1_3_VERSION);
    SSL_CTX_set_session_cache_mode(tls_context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(tls_context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    errno = 0;
    if (SSL_CTX_use_PrivateKey_file(tls_context, tls_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_certificate_chain_file(tls_context, tls_file) != 1) die("--tls wants a PEM file with a key and its certificate");
}
static void begin_tls(Conn *c) {
    if (!tls_context) return;
    c->tls = SSL_new(tls_context);
    SSL_set_fd(c->tls, c->fd);
    SSL_set_connect_state(c->tls);
}
static void end_tls(Conn *c) {
    if (!c->tls) return;
    ERR_clear_error();
    SSL_shutdown(c->tls);
    SSL_free(c->tls);
    c->tls = NULL;
}
static ssize_t tls_result(Conn *c, int n) {
    if (n > 0) return n;
    int error = SSL_get_error(c->tls, n);
    ERR_clear_error();
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
    return -1;
}
static ssize_t write_some(Conn *c, const void *data, size_t n) {
    if (!c->tls) return send(c->fd, data, n, MSG_NOSIGNAL);
    return tls_result(c, SSL_write(c->tls, data, (int)n));
}
static ssize_t read_some(Conn *c, void *data, size_t n) {
    if (!c->tls) return recv(c->fd, data, n, 0);
    return tls_result(c, SSL_read(c->tls, data, (int)n));
}
/* Whether more than one read may be needed: a read of TLS gives one record at most. */
static bool may_have_more(const Conn *c) { return c->tls != NULL; }
#else
static void prepare_tls(void) { errno = 0; die("--tls: compiled without it"); }
static void begin_tls(Conn *c) { (void)c; }
static void end_tls(Conn *c) { (void)c; }
static ssize_t write_some(Conn *c, const void *data, size_t n) { return send(c->fd, data, n, MSG_NOSIGNAL); }
static ssize_t read_some(Conn *c, void *data, size_t n) { return recv(c->fd, data, n, 0); }
static bool may_have_more(const Conn *c) { (void)c; return false; }
#endif
static void close_socket(Conn *c) {
    end_tls(c);
    close(c->fd);
}

/* ---- connections ---- */

static bool words;  /* connections ask a word in place of a session */
static int opening; /* connections without their session yet */

static void connection_lost(Conn *c) {
    if (!c->up) opening--;
    close_socket(c);
    c->gone = true;
    lost++;
    errors += (uint64_t)c->inflight;
    if (!c->on_lost || lost > MAX_LOST) { errno = 0; die("the server closed a connection"); }
    c->on_lost(c);
}
static void flush_out(Conn *c) {
    while (c->out_off < c->out_len) {
        ssize_t n = write_some(c, c->out + c->out_off, c->out_len - c->out_off);
        if (n < 0 && errno == EAGAIN) break;
        if (n < 0) { connection_lost(c); return; }
        c->out_off += (size_t)n;
    }
    bool want_out = c->out_off < c->out_len;
#ifdef ZKLOAD_TLS
    if (c->tls && !SSL_is_init_finished(c->tls)) want_out = SSL_want_write(c->tls); /* the rest goes out behind the handshake */
#endif
    if (want_out != c->want_out) {
        struct epoll_event e = {.events = EPOLLIN | (want_out ? EPOLLOUT : 0), .data.ptr = c};
        epoll_ctl(epfd, EPOLL_CTL_MOD, c->fd, &e);
        c->want_out = want_out;
    }
}
/* Loopback clients take turns at 127.0.0.2 ... so that churn never runs out of ports in TIME_WAIT. */
static void bind_source(int fd) {
    static uint32_t turn;
    int one = 1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002 + turn++ % 200)};
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0) die("bind");
}
static void open_conn(Conn *c) {
    char host[128], *colon;
    snprintf(host, sizeof host, "%s", hosts[c->host]);
    colon = strrchr(host, ':');
    errno = 0;
    if (!colon) die("--hosts wants address:port,...");
    *colon = 0;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
    if (inet_pton(AF_INET, host, &a.sin_addr) != 1) die("--hosts wants IPv4 addresses");
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) die("socket");
    if (!strncmp(host, "127.", 4)) bind_source(c->fd);
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->fd, (struct sockaddr *)&a, sizeof a) < 0 && errno != EINPROGRESS) die("connect");
    c->up = c->closing = c->gone = c->want_out = false;
    c->head = c->inflight = c->xid = 0;
    c->in_len = c->out_len = c->out_off = 0;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(epfd, EPOLL_CTL_ADD, c->fd, &e) < 0) die("epoll_ctl");
    begin_tls(c);
    opening++;
    if (words) {
        memcpy(reserve(c, 4), "srvr", 4);
        c->out_len += 4;
    } else put_connect(c);
    flush_out(c);
}
static void init_conn(Conn *c, int index, int ring) {
    *c = (Conn){.index = index, .host = index % n_hosts, .ring = ring + 1}; /* + 1: closeSession fits always */
    c->sent = grow(NULL, (size_t)c->ring * sizeof *c->sent);
}
static void free_conn(Conn *c) { free(c->sent); free(c->in); free(c->out); }

static void on_frame(Conn *c, const unsigned char *frame, int n) {
    if (!c->up) {
        errno = 0;
        if (n < 16 || g32(frame + 4) <= 0) die("the server refused a session");
        c->up = true;
        opening--;
        if (c->on_up) c->on_up(c);
        return;
    }
    int32_t xid = g32(frame);
    if (xid == -1) events++;
    if (xid < 0) return;
    uint64_t latency = moment - c->sent[c->head];
    c->head = (c->head + 1) % c->ring;
    c->inflight--;
    if (c->on_reply) c->on_reply(c, g32(frame + 12), latency);
}
static void word_read(Conn *c);
static void on_readable(Conn *c) {
    bool any = false;
    do {
        if (c->in_cap - c->in_len < 8192) c->in = grow(c->in, c->in_cap = c->in_cap ? c->in_cap * 2 : 16384);
        ssize_t n = read_some(c, c->in + c->in_len, c->in_cap - c->in_len);
        if (n < 0 && errno == EAGAIN) break;
        if (n <= 0) {
            if (any) break; /* what came before the end counts first */
            if (words && n == 0 && c->in_len) word_read(c);
            else connection_lost(c);
            return;
        }
        c->in_len += (size_t)n;
        any = true;
    } while (may_have_more(c));
    if (words || !any) { flush_out(c); return; }
    size_t off = 0;
    bool gone = false;
    moment = now_ns();
    while (!gone && c->in_len - off >= 4) {
        size_t len = (size_t)g32(c->in + off);
        if (c->in_len - off - 4 < len) break;
        int fd = c->fd;
        on_frame(c, c->in + off + 4, (int)len);
        gone = c->gone || c->fd != fd || !c->in_len; /* closed, perhaps reopened: nothing left of this stream */
        off += 4 + len;
    }
    moment = 0;
    if (gone) return;
    memmove(c->in, c->in + off, c->in_len - off);
    c->in_len -= off;
    flush_out(c);
}
static void poll_once(int timeout_ms) {
    struct epoll_event ev[512];
    int n = epoll_wait(epfd, ev, 512, timeout_ms);
    for (int i = 0; i < n; i++) {
        Conn *c = ev[i].data.ptr;
        if (c->gone) continue;
        if (ev[i].events & EPOLLOUT) flush_out(c);
        if (!c->gone && ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) on_readable(c);
    }
}
static void poll_until_up(const Conn *c) { while (!c->up) poll_once(100); }

/* Opens all, a few at a time: a burst longer than the listen backlog would measure SYN retries. */
static void open_all(Conn *cs, int n) {
    for (int i = 0; i < n; i++) {
        open_conn(&cs[i]);
        while (opening >= OPENING_AT_ONCE) poll_once(100);
    }
    while (opening) poll_once(100);
}
static void ignore_lost(Conn *c) { (void)c; }
static void close_all(Conn *cs, int n) {
    for (int i = 0; i < n; i++) {
        if (cs[i].gone) continue;
        cs[i].on_lost = ignore_lost;
        cs[i].on_reply = NULL;
        put_request(&cs[i], CLOSE, NULL, 0);
        flush_out(&cs[i]);
        if ((i & 255) == 255) poll_once(0);
    }
    for (int i = 0; i < n; i++) {
        while (!cs[i].gone && cs[i].inflight) poll_once(100);
        if (!cs[i].gone) close_socket(&cs[i]);
        cs[i].gone = true;
        free_conn(&cs[i]);
    }
}

/* ---- pipeline: one session that sends requests 0 .. total-1, PIPELINE of them in flight ---- */

typedef void (*MakeRequest)(Conn *, int i);
static int32_t pipeline_tolerates, pipeline_failed;

static void pipeline_reply(Conn *c, int32_t err, uint64_t latency) {
    (void)c; (void)latency;
    if (err && err != pipeline_tolerates) pipeline_failed = err;
}
/* Sends what fits and reads what came; `meanwhile` (or NULL) runs between. Returns the last error code not tolerated. */
static int32_t pipeline(int total, MakeRequest make, int32_t tolerates, int conn_index, void (*meanwhile)(void)) {
    Conn c;
    init_conn(&c, conn_index, PIPELINE);
    c.on_reply = pipeline_reply;
    pipeline_tolerates = tolerates;
    pipeline_failed = 0;
    open_conn(&c);
    poll_until_up(&c);
    for (int i = 0; i < total || c.inflight;) {
        while (i < total && c.inflight < PIPELINE) make(&c, i++);
        flush_out(&c);
        if (meanwhile) meanwhile();
        poll_once(meanwhile ? 1 : 100);
    }
    int32_t failed = pipeline_failed;
    close_all(&c, 1);
    return failed;
}
static void must(int32_t err, const char *what) {
    if (!err) return;
    fprintf(stderr, "zkload: %s: the server answered %d\n", what, err);
    exit(1);
}

/* ---- load ---- */

static uint64_t count_from, count_to, done;
static int created, deleted, load_type;
static bool churn;

static const char *load_marker(void) {
    static char path[96];
    snprintf(path, sizeof path, "/zkload/ready-%d-%d-%d", paths, size, children);
    return path;
}
static void make_exists_marker(Conn *c, int i) { (void)i; put_request(c, EXISTS, load_marker(), 0); }
static void make_load_node(Conn *c, int i) {
    char path[96];
    if (i == 0) snprintf(path, sizeof path, "/zkload");
    else if (i == 1) snprintf(path, sizeof path, "/zkload/list");
    else if ((i -= 2) < paths) snprintf(path, sizeof path, "/zkload/n%06d", i);
    else if ((i -= paths) < children) snprintf(path, sizeof path, "/zkload/list/child-%08d", i);
    else snprintf(path, sizeof path, "%s", load_marker());
    put_request(c, CREATE, path, 0);
}
static void make_load_tree(void) {
    if (pipeline(1, make_exists_marker, 0, 0, NULL)) must(pipeline(paths + children + 3, make_load_node, NODEEXISTS, 0, NULL), "setting up");
}
/* Created znodes are spread over one directory a connection, and removed after the run: every run finds the same tree. */
static void make_create_directory(Conn *c, int i) {
    char path[64];
    if (i == 0) snprintf(path, sizeof path, "/zkload/create");
    else snprintf(path, sizeof path, "/zkload/create/d%05d", i - 1);
    put_request(c, CREATE, path, 0);
}
static void created_path(char *path, size_t n, int i) { snprintf(path, n, "/zkload/create/d%05d/n%09d", i % n_conns, i); }
static void make_delete_created(Conn *c, int i) {
    char path[64];
    created_path(path, sizeof path, i);
    put_request(c, DELETE, path, 0);
}
static char (*load_paths)[24]; /* written once: printf takes longer than a request does otherwise */
static void make_load_paths(void) {
    load_paths = grow(NULL, (size_t)paths * sizeof *load_paths);
    for (int i = 0; i < paths; i++) snprintf(load_paths[i], sizeof *load_paths, "/zkload/n%06d", i);
}
/* What `delete` deletes is made before: more than any server deletes in the time. */
static void make_created(Conn *c, int i) {
    char path[64];
    created_path(path, sizeof path, i);
    put_request(c, CREATE, path, 0);
}
static int made_ahead(void) {
    double a_second = (double)n_conns * depth * 8000;
    return (int)((a_second < 80000 ? a_second : 80000) * (secs + warmup));
}
static void next_request(Conn *c) {
    char path[64];
    int type = read_pct < 0 ? load_type : (int)(rnd() % 100) < read_pct ? GETDATA : SETDATA;
    if (type == CREATE) created_path(path, sizeof path, created++);
    else if (type == DELETE) created_path(path, sizeof path, deleted++);
    else if (type == GETCHILDREN2) { put_request(c, type, "/zkload/list", 0); return; }
    else { put_request(c, type, load_paths[rnd() % (uint64_t)paths], 0); return; }
    put_request(c, type, path, 0);
}
/* Throughput counts what was answered in the window, latency what was sent in it: a stall at its end counts in full. */
static void load_record(int32_t err, uint64_t latency) {
    uint64_t t = moment ? moment : now_ns(), sent = t - latency;
    if (t >= count_from && t <= count_to) {
        done++;
        if (err) errors++;
    }
    if (sent >= count_from && sent <= count_to) histogram_add(&latencies, latency);
}
static bool load_busy(const Conn *cs) {
    for (int i = 0; i < n_conns; i++) if (!cs[i].gone && cs[i].inflight) return true;
    return false;
}
static void load_up(Conn *c) { for (int i = 0; i < depth && !stopping; i++) next_request(c); }
static void load_reply(Conn *c, int32_t err, uint64_t latency) {
    load_record(err, latency);
    if (!stopping && (load_type != DELETE || deleted < created)) next_request(c);
}
static void load_lost(Conn *c) { if (!stopping) open_conn(c); }

static uint64_t *churn_began; /* by connection */
static int churning;
static void churn_open(Conn *c) { churn_began[c->index] = now_ns(); open_conn(c); }
static void churn_lost(Conn *c) { if (stopping) churning--; else churn_open(c); }
static void churn_up(Conn *c) { put_request(c, EXISTS, "/zkload", 0); }
static void churn_reply(Conn *c, int32_t err, uint64_t latency) {
    (void)latency;
    if (!c->closing) {
        if (err) errors++;
        c->closing = true;
        put_request(c, CLOSE, NULL, 0);
        return;
    }
    load_record(err, now_ns() - churn_began[c->index]);
    close_socket(c);
    c->gone = true;
    if (stopping) churning--; else churn_open(c);
}
static void word_read(Conn *c) {
    load_record(0, now_ns() - churn_began[c->index]);
    close_socket(c);
    c->gone = true;
    opening--;
    if (stopping) churning--; else churn_open(c);
}
static double cpu_seconds_of(long pid) {
    char name[64], text[1024], *p;
    unsigned long user = 0, system = 0;
    snprintf(name, sizeof name, "/proc/%ld/stat", pid);
    FILE *f = fopen(name, "r");
    if (!f) return 0;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    p = strrchr(text, ')'); /* the command's name may hold anything */
    if (!p || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) return 0;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}
static double cpu_seconds(void) {
    double sum = 0;
    for (const char *at = server_pids; *at; at += *at == ',') {
        char *end;
        sum += cpu_seconds_of(strtol(at, &end, 10));
        errno = 0;
        if (end == at) die("--pid wants numbers with commas between");
        at = end;
    }
    return sum;
}
static void choose_op(void) {
    static const struct { const char *name; int type; } ops[] = {
        {"get", GETDATA}, {"exists", EXISTS}, {"set", SETDATA}, {"create", CREATE}, {"delete", DELETE}, {"ls", GETCHILDREN2}, {"churn", EXISTS}, {"word", EXISTS}};
    if (!strncmp(op, "mix:", 4)) { read_pct = atoi(op + 4); load_type = GETDATA; }
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) if (!strcmp(op, ops[i].name)) load_type = ops[i].type;
    churn = !strcmp(op, "churn") || !strcmp(op, "word");
    errno = 0;
    if (!load_type) die("--op wants get, exists, set, create, delete, ls, mix:<percent reads>, churn or word");
    if (churn) depth = 1;
}
static int run_load(void) {
    choose_op();
    make_load_tree();
    make_load_paths();
    if (load_type == CREATE || load_type == DELETE) must(pipeline(n_conns + 1, make_create_directory, NODEEXISTS, 0, NULL), "setting up");
    if (load_type == DELETE) must(pipeline(created = made_ahead(), make_created, NODEEXISTS, 0, NULL), "setting up");
    Conn *cs = grow(NULL, (size_t)n_conns * sizeof *cs);
    churn_began = grow(NULL, (size_t)n_conns * sizeof *churn_began);
    for (int i = 0; i < n_conns; i++) {
        init_conn(&cs[i], i, depth);
        cs[i].on_up = churn ? churn_up : load_up;
        cs[i].on_reply = churn ? churn_reply : load_reply;
        cs[i].on_lost = churn ? churn_lost : load_lost;
        churn_began[i] = now_ns();
    }
    churning = n_conns;
    words = !strcmp(op, "word");
    uint64_t t0 = now_ns();
    count_from = UINT64_MAX;
    if (churn) for (int i = 0; i < n_conns; i++) churn_open(&cs[i]);
    else open_all(cs, n_conns);
    uint64_t opened = now_ns();
    count_from = opened + (uint64_t)(warmup * 1e9);
    count_to = count_from + (uint64_t)(secs * 1e9);
    while (now_ns() < count_from) poll_once(10);
    errors = lost = 0;
    double cpu = cpu_seconds();
    while (now_ns() < count_to) poll_once(10);
    cpu = cpu_seconds() - cpu;
    uint64_t counted_errors = errors, counted_lost = lost;
    stopping = true;
    for (uint64_t t = now_ns(); (churn ? churning > 0 : load_busy(cs)) && since(t) < DRAIN_S;) poll_once(10);
    if (!churn) close_all(cs, n_conns);
    errno = 0;
    if (load_type == DELETE && deleted >= created) die("more was deleted than was made ahead");
    if (load_type == CREATE || load_type == DELETE) pipeline(created, make_delete_created, NONODE, 0, NULL);
    printf("{\"op\":\"%s\",\"conns\":%d,\"depth\":%d,\"size\":%d,\"ops\":%llu,\"ops_per_s\":%.1f,\"errors\":%llu,\"lost\":%llu,"
           "\"open_s\":%.3f,\"cpu_s\":%.2f,",
           op, n_conns, depth, size, (unsigned long long)done, (double)done / secs, (unsigned long long)counted_errors,
           (unsigned long long)counted_lost, (double)(opened - t0) / 1e9, cpu);
    print_latencies("", &latencies);
    printf("}\n");
    return 0;
}

/* ---- idle ---- */

static Conn *held;
static int n_held;

static void ping_held(void) {
    static uint64_t next;
    uint64_t t = now_ns(), every = SESSION_TIMEOUT_MS / 3 * 1000000ULL;
    if (t < next) return;
    next = t + 100000000;
    for (int i = 0; i < n_held; i++)
        if (!held[i].gone && t - held[i].last_sent > every) { put_request(&held[i], PING, NULL, 0); flush_out(&held[i]); }
}
static void wait_for_stdin(void) {
    struct pollfd in = {.fd = 0, .events = POLLIN};
    while (poll(&in, 1, 0) == 0) { ping_held(); poll_once(10); }
}
static void open_held(int n, int ring) {
    held = grow(NULL, (size_t)n * sizeof *held);
    n_held = n;
    for (int i = 0; i < n; i++) {
        init_conn(&held[i], i, ring);
        held[i].on_lost = ignore_lost;
    }
    open_all(held, n);
}
static int run_idle(void) {
    uint64_t t0 = now_ns();
    open_held(sessions, 1);
    printf("{\"ready\":%d,\"open_s\":%.3f}\n", sessions, since(t0));
    fflush(stdout);
    wait_for_stdin();
    uint64_t lost_while_held = lost;
    close_all(held, n_held);
    printf("{\"sessions\":%d,\"lost\":%llu}\n", sessions, (unsigned long long)lost_while_held);
    return 0;
}

/* ---- fill ---- */

static void fill_path(char *path, size_t n, int i) { snprintf(path, n, "%s/d%05d/n%03d", root, i / PER_DIRECTORY, i % PER_DIRECTORY); }
static void make_fill_node(Conn *c, int i) { /* the root, then for each directory: itself and its znodes */
    char path[128];
    if (i == 0) snprintf(path, sizeof path, "%s", root);
    else if ((i - 1) % (PER_DIRECTORY + 1) == 0) snprintf(path, sizeof path, "%s/d%05d", root, (i - 1) / (PER_DIRECTORY + 1));
    else fill_path(path, sizeof path, (i - 1) - (i - 1) / (PER_DIRECTORY + 1) - 1);
    put_request(c, CREATE, path, 0);
}
static int run_fill(void) {
    uint64_t t0 = now_ns();
    int directories = (nodes + PER_DIRECTORY - 1) / PER_DIRECTORY;
    must(pipeline(1 + directories + nodes, make_fill_node, NODEEXISTS, 0, NULL), "fill");
    printf("{\"nodes\":%d,\"fill_s\":%.3f,\"per_s\":%.0f}\n", nodes, since(t0), nodes / since(t0));
    return 0;
}

/* ---- probe: a get every millisecond, sent on time whether or not earlier ones are answered ---- */

static Conn probe;
static uint64_t probe_next;
static const char *probe_path = "/zookeeper";

static void probe_reply(Conn *c, int32_t err, uint64_t latency) {
    (void)c;
    if (err) errors++;
    histogram_add(&probe_latencies, latency);
}
static void probe_tick(void) {
    uint64_t t = now_ns();
    if (t < probe_next || probe.inflight >= PROBE_RING) return;
    probe_next = probe_next + 1000000 > t ? probe_next + 1000000 : t + 1000000;
    put_request(&probe, GETDATA, probe_path, 0);
    flush_out(&probe);
}
static void probe_open(void) {
    init_conn(&probe, 0, PROBE_RING);
    probe.on_reply = probe_reply;
    open_conn(&probe);
    poll_until_up(&probe);
    probe_next = now_ns();
}
static void probe_drain(void) { while (probe.inflight) poll_once(10); }

static void writer_reply(Conn *c, int32_t err, uint64_t latency) {
    (void)c;
    if (err) errors++;
    done++;
    histogram_add(&latencies, latency);
}
static int run_probe(void) {
    make_load_tree();
    Conn writer;
    init_conn(&writer, 0, PROBE_RING);
    writer.on_reply = writer_reply;
    open_conn(&writer);
    poll_until_up(&writer);
    probe_path = "/zkload/n000000";
    probe_open();
    uint64_t t0 = now_ns(), sent = 0;
    while (since(t0) < secs) {
        char path[64];
        for (uint64_t due = (uint64_t)(since(t0) * writes_per_s); sent < due && writer.inflight < PIPELINE; sent++) {
            snprintf(path, sizeof path, "/zkload/n%06d", (int)(rnd() % (uint64_t)paths));
            put_request(&writer, SETDATA, path, 0);
        }
        flush_out(&writer);
        probe_tick();
        poll_once(1);
    }
    probe_drain();
    while (writer.inflight) poll_once(10);
    printf("{\"secs\":%.2f,\"writes\":%llu,\"errors\":%llu,\"gets\":%llu,", since(t0), (unsigned long long)done,
           (unsigned long long)errors, (unsigned long long)probe_latencies.n);
    print_latencies("get_", &probe_latencies);
    printf(",");
    print_latencies("set_", &latencies);
    printf("}\n");
    close_all(&writer, 1);
    close_all(&probe, 1);
    return 0;
}

/* ---- watch ---- */

static void watch_tick(void) { probe_tick(); ping_held(); }
static void watch_reply(Conn *c, int32_t err, uint64_t latency) { (void)c; (void)latency; must(err, "watching"); }
static void put_watch(Conn *c, int i) {
    char path[128];
    if (watch_via == WATCH_RECURSIVE) snprintf(path, sizeof path, "%s", root);
    else fill_path(path, sizeof path, i);
    put_request(c, watch_via == WATCH_DATA ? GETDATA : ADDWATCH, path, watch_via);
}
static void set_watches_of(Conn *c) {
    int total = watch_via == WATCH_RECURSIVE ? 1 : nodes;
    c->on_reply = watch_reply;
    for (int i = 0; i < total || c->inflight;) {
        while (i < total && c->inflight < PIPELINE) put_watch(c, i++);
        flush_out(c);
        poll_once(100);
    }
}
/* With one znode the sessions need not wait for each other. */
static void set_all_watches(void) {
    bool short_lists = nodes == 1 || watch_via == WATCH_RECURSIVE;
    for (int i = 0; i < n_held; i++) {
        if (!short_lists) { set_watches_of(&held[i]); continue; }
        held[i].on_reply = watch_reply;
        put_watch(&held[i], 0);
        flush_out(&held[i]);
        if ((i & 31) == 31) poll_once(0);
    }
    for (int i = 0; i < n_held; i++) while (held[i].inflight) poll_once(100);
}
static void make_fire(Conn *c, int i) {
    char path[128];
    fill_path(path, sizeof path, i);
    put_request(c, SETDATA, path, 0);
}
static int run_watch(void) {
    watch_via = !strcmp(via, "data") ? WATCH_DATA : !strcmp(via, "persistent") ? WATCH_PERSISTENT : WATCH_RECURSIVE;
    open_held(sessions, PIPELINE);
    uint64_t t0 = now_ns(), expected = (uint64_t)sessions * (uint64_t)nodes;
    set_all_watches();
    double set_s = since(t0);
    if (hold) {
        printf("{\"ready\":%llu}\n", (unsigned long long)expected);
        fflush(stdout);
        wait_for_stdin();
    }
    probe_open();
    for (uint64_t t = now_ns(); since(t) < 0.2;) { probe_tick(); poll_once(1); }
    probe_drain();
    memset(&probe_latencies, 0, sizeof probe_latencies);
    events = 0;
    t0 = now_ns();
    must(pipeline(nodes, make_fire, 0, 0, watch_tick), "firing");
    double sets_s = since(t0), deadline = 120;
    while (events < expected && since(t0) < deadline) { watch_tick(); poll_once(1); }
    double events_s = since(t0);
    probe_drain();
    printf("{\"sessions\":%d,\"nodes\":%d,\"via\":\"%s\",\"watches\":%llu,\"events\":%llu,\"lost\":%llu,\"set_s\":%.3f,\"sets_s\":%.4f,\"events_s\":%.4f,",
           sessions, nodes, via, (unsigned long long)expected, (unsigned long long)events, (unsigned long long)lost, set_s, sets_s, events_s);
    print_latencies("get_", &probe_latencies);
    printf("}\n");
    close_all(held, n_held);
    close_all(&probe, 1);
    return 0;
}

/* ---- main ---- */

static void parse(int argc, char **argv) {
    static char default_host[] = "127.0.0.1:2181";
    static const struct { const char *name; int *n; double *x; const char **s; } options[] = {
        {"--conns", &n_conns, 0, 0}, {"--depth", &depth, 0, 0}, {"--size", &size, 0, 0}, {"--paths", &paths, 0, 0},
        {"--children", &children, 0, 0}, {"--pid", 0, 0, &server_pids}, {"--sessions", &sessions, 0, 0},
        {"--nodes", &nodes, 0, 0}, {"--hold", &hold, 0, 0}, {"--writes", &writes_per_s, 0, 0}, {"--secs", 0, &secs, 0},
        {"--warmup", 0, &warmup, 0}, {"--op", 0, 0, &op}, {"--root", 0, 0, &root}, {"--via", 0, 0, &via}, {"--tls", 0, 0, &tls_file}};
    hosts[n_hosts++] = default_host;
    for (int i = 2; i < argc; i += 2) {
        size_t k = 0, n = sizeof options / sizeof *options;
        char *value = i + 1 < argc ? argv[i + 1] : NULL;
        while (k < n && strcmp(argv[i], options[k].name)) k++;
        if (value && !strcmp(argv[i], "--hosts")) {
            n_hosts = 0;
            for (char *h = strtok(value, ","); h && n_hosts < 64; h = strtok(NULL, ",")) hosts[n_hosts++] = h;
        } else if (!value || k == n) {
            fprintf(stderr, "zkload: unknown option or missing value: %s\n", argv[i]);
            exit(2);
        } else if (options[k].n) *options[k].n = atoi(value);
        else if (options[k].x) *options[k].x = atof(value);
        else *options[k].s = value;
    }
    errno = 0;
    if (n_conns < 1 || depth < 1 || size < 0 || size > (int)sizeof payload || paths < 1 || sessions < 1 || nodes < 1 || children < 0 || !n_hosts)
        die("counts are at least 1");
}
int main(int argc, char **argv) {
    static const struct { const char *name; int (*run)(void); } modes[] = {
        {"load", run_load}, {"idle", run_idle}, {"fill", run_fill}, {"watch", run_watch}, {"probe", run_probe}};
    parse(argc, argv);
    memset(payload, 'x', sizeof payload);
    if (*tls_file) prepare_tls();
    epfd = epoll_create1(0);
    for (size_t i = 0; argc > 1 && i < sizeof modes / sizeof *modes; i++)
        if (!strcmp(argv[1], modes[i].name)) return modes[i].run();
    fprintf(stderr, "usage: zkload load|idle|fill|watch|probe [--option value]...\n");
    return 2;
}
