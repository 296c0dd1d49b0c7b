/* The ticket of a session of TLS, got by real handshakes between two ends in memory. */
#include "carry/ticket.h"

#include <openssl/ec.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "check.h"

#define HERE ((network_id)7)
#define THERE ((network_id)8)

struct lab {
	struct ticket_shelf *shelf;
	SSL_CTX *client;
	SSL_CTX *server;
	SSL_SESSION *got; /* the newest ticket that the client was given */
};

static int
got_ticket(SSL *ssl, SSL_SESSION *session)
{
	struct lab *lab = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	SSL_SESSION_free(lab->got);
	lab->got = session;
	return 1;
}

/* Signed by itself, and good from yesterday for so many seconds from now on. */
static void
certify(SSL_CTX *ctx, long seconds)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
	X509_gmtime_adj(X509_getm_notAfter(cert), seconds);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* One connection, with the session if there is one. Was it resumed? */
static bool
connect_with(struct lab *lab, SSL_SESSION *session)
{
	SSL *client = SSL_new(lab->client), *server = SSL_new(lab->server);
	BIO *near, *far;
	bool resumed;
	char byte;

	assert_int_equal(BIO_new_bio_pair(&near, 0, &far, 0), 1);
	SSL_set_bio(client, near, near);
	SSL_set_bio(server, far, far);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	if (session != NULL)
		assert_int_equal(SSL_set_session(client, session), 1);
	for (int i = 0; i < 10; i++) {
		(void)SSL_do_handshake(client);
		(void)SSL_do_handshake(server);
	}
	assert_true(SSL_is_init_finished(client) && SSL_is_init_finished(server));
	(void)SSL_read(client, &byte, 1); /* tickets come behind the handshake */
	resumed = SSL_session_reused(client) == 1;
	(void)SSL_shutdown(client); /* else its session counts as broken */
	SSL_free(client);
	SSL_free(server);
	return resumed;
}

static int
set_up(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	lab->shelf = ticket_shelf_new();
	lab->client = SSL_CTX_new(TLS_client_method());
	lab->server = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_app_data(lab->client, lab);
	SSL_CTX_set_session_cache_mode(
	    lab->client, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(lab->client, got_ticket);
	certify(lab->server, 86400);
	*state = lab;
	return 0;
}

static int
tear_down(void **state)
{
	struct lab *lab = *state;

	SSL_SESSION_free(lab->got);
	SSL_CTX_free(lab->client);
	SSL_CTX_free(lab->server);
	ticket_shelf_free(lab->shelf);
	free(lab);
	return 0;
}

static struct ticket_for
whose(const char *text)
{
	struct ticket_for out;

	assert_true(ticket_whose(&out, text));
	return out;
}

/* One on the shelf for "a host", of a new connection. */
static struct ticket_for
shelve(struct lab *lab)
{
	struct ticket_for host = whose("a host");

	assert_false(connect_with(lab, NULL));
	assert_non_null(lab->got);
	ticket_put(lab->shelf, &host, lab->got);
	return host;
}

static bool
gives(struct lab *lab, const struct ticket_for *host, network_id network)
{
	SSL_SESSION *session = ticket_take(lab->shelf, host, network);
	bool there = session != NULL;

	SSL_SESSION_free(session);
	return there;
}

static void
it_opens_the_next_connection(void **state)
{
	struct lab *lab = *state;
	struct ticket_for host = shelve(lab);
	SSL_SESSION *session = ticket_take(lab->shelf, &host, HERE);

	assert_non_null(session);
	assert_true(connect_with(lab, session));
	SSL_SESSION_free(session);
}

static void
it_is_for_one_host_as_it_is_known(void **state)
{
	static const uint8_t zero[TICKET_BYTES_MAX];
	struct lab *lab = *state;
	struct ticket_for host = shelve(lab), other = whose("a host with another pin");

	assert_false(gives(lab, &other, HERE));
	/* It is gone: the host is known by something else now. */
	assert_false(gives(lab, &host, HERE));
	assert_memory_equal(lab->shelf->bytes, zero, sizeof(zero));
}

static void
it_is_shown_in_one_network(void **state)
{
	struct lab *lab = *state;
	struct ticket_for host = shelve(lab);

	assert_true(gives(lab, &host, HERE));
	assert_true(gives(lab, &host, HERE));
	assert_false(gives(lab, &host, THERE));
	assert_false(gives(lab, &host, HERE));
	host = shelve(lab);
	assert_true(gives(lab, &host, NETWORK_NONE));
	assert_false(gives(lab, &host, NETWORK_NONE));
	host = shelve(lab);
	assert_true(gives(lab, &host, HERE));
	assert_false(gives(lab, &host, NETWORK_NONE));
	/* A new one may be shown anywhere. */
	host = shelve(lab);
	assert_true(gives(lab, &host, THERE));
}

static void
a_certificate_that_ended(void **state)
{
	struct lab *lab = *state;
	struct ticket_for host;

	certify(lab->server, -1);
	host = shelve(lab);
	assert_false(gives(lab, &host, HERE));
}

static void
of_older_tls_none_is_kept(void **state)
{
	struct lab *lab = *state;
	struct ticket_for host;

	(void)SSL_CTX_set_max_proto_version(lab->client, TLS1_2_VERSION);
	host = shelve(lab);
	assert_int_equal(lab->shelf->len, 0);
	assert_false(gives(lab, &host, HERE));
}

static void
bytes_that_are_none(void **state)
{
	struct lab *lab = *state;
	struct ticket_for host = shelve(lab);

	memset(lab->shelf->bytes, 0xff, 40);
	assert_false(gives(lab, &host, HERE));
	host = shelve(lab);
	lab->shelf->len = TICKET_BYTES_MAX + 1;
	assert_false(gives(lab, &host, HERE));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {TEST(it_opens_the_next_connection),
	    TEST(it_is_for_one_host_as_it_is_known), TEST(it_is_shown_in_one_network),
	    TEST(a_certificate_that_ended), TEST(of_older_tls_none_is_kept),
	    TEST(bytes_that_are_none)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
