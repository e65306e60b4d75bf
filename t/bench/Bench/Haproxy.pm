package Bench::Haproxy;
# A private haproxy with the site of Bench::Servers, which it answers by itself: one thread, no backend. It knows RS256 and
# ES256, one key each; a token's issuer, audience, time and scope are compared as well.

use v5.36;
use parent 'MCPTest::Daemon';
use Bench::Tokens;
use MCPTest::Util 'spew';

sub program ($class) { return qw(haproxy haproxy) }

sub command ($self) {
    spew("$self->{dir}/haproxy.cfg", $self->conf);
    return ('-db', '-f', "$self->{dir}/haproxy.cfg");
}

sub answers ($self) { return $self->connect }

sub conf ($self) {
    my ($rsa, $ec) = map { Bench::Tokens::key($_)->public_file } qw(RS256 ES256);
    return <<"END";
global
    nbthread 1
defaults
    mode http
    timeout client 30s
    timeout http-keep-alive 30s
frontend site
    bind 127.0.0.1:$self->{port}
    http-request return status 200 content-type text/plain string "hello" if { path /none }
    http-request set-var(txn.bearer) http_auth_bearer
    http-request set-var(txn.alg) var(txn.bearer),jwt_header_query('\$.alg')
    http-request return status 401 hdr WWW-Authenticate Bearer if !{ var(txn.alg) -m found }
    http-request set-var(txn.good) var(txn.bearer),jwt_verify(txn.alg,"$rsa") if { var(txn.alg) -m str RS256 }
    http-request set-var(txn.good) var(txn.bearer),jwt_verify(txn.alg,"$ec") if { var(txn.alg) -m str ES256 }
    http-request set-var(txn.exp) var(txn.bearer),jwt_payload_query('\$.exp','int')
    http-request set-var(txn.now) date()
    acl good var(txn.good) -m int 1
    acl issuer var(txn.bearer),jwt_payload_query('\$.iss') -m str $Bench::Tokens::ISSUER
    acl audience var(txn.bearer),jwt_payload_query('\$.aud') -m str $Bench::Tokens::RESOURCE
    acl current var(txn.exp),sub(txn.now) -m int gt 0
    http-request return status 401 hdr WWW-Authenticate Bearer if !good || !issuer || !audience || !current
    http-request return status 403 if !{ var(txn.bearer),jwt_payload_query('\$.scope') -m sub files:read }
    http-request return status 200 content-type text/plain string "hello"
END
}

1;
