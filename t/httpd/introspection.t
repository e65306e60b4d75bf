#!/usr/bin/perl
# F-01 to F-15, G-02, W-02, W-04. Tokens that say nothing by themselves: their issuer is asked, once for all processes, and its answer is judged like the
# claims of a JWT. What is no answer is 503, never 401, and never lets anybody in.

use v5.36;
use Test::More;
use MCPTest::AS;
use MCPTest::Backend;
use MCPTest::Challenge 'bearer';
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util qw(free_port keep_secret spew tempdir wait_until);
use Time::HiRes qw(sleep time);

my $key     = MCPTest::Key->get('P-256');
my $client  = MCPTest::Key->get('RSA-2048');
my $dir     = tempdir();
my $secret  = 'hunter2 & a=b% more';
my $backend = MCPTest::Backend->start;
keep_secret($secret);
spew("$dir/secret", "$secret\n", 0600);

my %as = map { $_ => MCPTest::AS->start(keys => [$key], path => "/$_") } qw(basic post jwt first second opaque keys fresh wrong hung busy);
$as{$_}->client(id => 'mcp gateway', secret => $secret, method => 'basic') for qw(basic opaque fresh);
$as{post}->client(id => 'mcp gateway', secret => $secret, method => 'post');
$as{jwt}->client(id => 'mcp gateway', key => $client, method => 'private_key_jwt');
$as{wrong}->client(id => 'mcp gateway', secret => 'another one', method => 'basic');

sub issuer ($name, $auth, @more) {
    my $lines = join "\n", $auth ? ("MCPIntrospection $as{$name}{endpoint}", "MCPClientAuth $auth") : (), @more;
    return "<MCPIssuer \"@{[ $as{$name}->issuer ]}\">\n$lines\n</MCPIssuer>\n";
}
$_->{endpoint} = $_->introspection_endpoint for values %as;
$as{fresh}{endpoint} .= ' 0';
my $basic = "basic \"mcp gateway\" file:$dir/secret";
my $conf  = join '', issuer(basic => $basic), issuer(post => $basic =~ s/basic/post/r), issuer(jwt => "private_key_jwt \"mcp gateway\" file:@{[ $client->private_file ]}"),
    issuer(first => $basic), issuer(second => $basic), issuer(opaque => $basic, 'MCPTokenFormat opaque'), issuer(keys => ''), issuer(fresh => $basic), issuer(wrong => $basic),
    issuer(hung => $basic), issuer(busy => $basic),
    map { <<"END" } sort keys %as;
<Location "/$_">
    AuthType MCP
    MCPResource https://mcp.example/mcp
    MCPTrustIssuer @{[ $as{$_}->issuer ]}
    Require mcp-scope s
    ProxyPass @{[ $backend->url ]}/x
</Location>
END
chmod 0600, $client->private_file;

# Room for more requests at a time than questions are asked at a time.
my $room = ($ENV{MPM} // '') eq 'prefork' ? "StartServers 64\nMinSpareServers 32\nMaxSpareServers 64\nMaxRequestWorkers 80" : "ServerLimit 3\nStartServers 3\nThreadsPerChild 24\nMaxRequestWorkers 72";
my $httpd = MCPTest::Httpd->start(modules => ['socache_shmcb', 'status'], access_format => '%U %>s %{MCP_TOKEN_ID}e', conf => <<"END");
MCPTimeout 1s
$room
$conf
<Location "/both">
    AuthType MCP
    MCPResource https://mcp.example/mcp
    MCPTrustIssuer @{[ $as{keys}->issuer ]} @{[ $as{first}->issuer ]} @{[ $as{second}->issuer ]}
    Require mcp-scope s
    ProxyPass @{[ $backend->url ]}/x
</Location>
<Location "/elsewhere">
    AuthType MCP
    MCPResource https://mcp.example/other
    MCPTrustIssuer @{[ $as{basic}->issuer ]}
    Require mcp-scope s
    ProxyPass @{[ $backend->url ]}/x
</Location>
<Location "/claims">
    AuthType MCP
    MCPResource https://mcp.example/mcp
    MCPTrustIssuer @{[ $as{first}->issuer ]}
    Require valid-user
    MCPForwardClaim jti X-Id
    MCPForwardClaim ref X-Ref
    MCPForwardClaim sub X-Sub
    ProxyPass @{[ $backend->url ]}/x
</Location>
<Location "/server-status">
    SetHandler server-status
    Require all granted
</Location>
END
my %good  = (active => \1, aud => 'https://mcp.example/mcp', sub => 'alice', scope => 's t', client_id => 'c', token_type => 'Bearer');
my $count = 0;

# A new opaque token that is active as said, or a text that nobody knows.
sub token ($name, %claims) {
    my $token = sprintf 'opaque-%d-%s', ++$count, 'x' x 30;
    keep_secret($token);
    return $token if !%claims;
    delete @claims{ grep { !defined $claims{$_} } keys %claims };
    $as{$name}->tokens({ %{ $as{$name}->state->{tokens} // {} }, $token => \%claims });
    return $token;
}
sub ask ($path, $token) { return MCPTest::HTTP->new($httpd->url, timeout => 20)->get($path, Authorization => "Bearer $token") }
sub status (@args) { return ask(@args)->status }
sub asked ($name, @token) { return $as{$name}->asked(@token) }

# Each way to authenticate; the endpoint checks it. One question for all processes and requests.
for my $name (qw(basic post jwt)) {
    my $token = token($name, %good);
    is_deeply [ map { status("/$name", $token) } 1 .. 12 ], [ (200) x 12 ], "$name: a token";
    is asked($name, $token), 1, "$name: is asked about once";
    is_deeply [ $as{$name}->refusals ], [], "$name: and the client is known";
}
$backend->clear;
my $token = token(basic => %good, exp => time + 100);
is status('/basic', $token), 200, 'a token with an end';
is_deeply [ map { $backend->seen($_) } qw(X-MCP-Subject X-MCP-Scope X-MCP-Client-ID X-MCP-Issuer) ], [ 'alice', 's t', 'c', $as{basic}->issuer ], 'its identity reaches the backend';
is_deeply [ $backend->seen('Authorization') ], [], 'the token does not';
is status('/elsewhere', $token), 401, 'G-01 for another resource it is none, though it was good here';
is status('/basic', token(basic => %good, scope => 't')), 403, 'scopes count';

# F-01 to F-06: what the answer says. name => [status, claims]
my %answer = (
    'F-01 inactive'                => [ 401, active => \0 ],
    'F-02 active as a string'      => [ 401, active => 'true' ],
    'F-02 active as a number'      => [ 401, active => 1 ],
    'F-02 active is null'          => [ 401, active => undef ],
    'F-04 expired'                 => [ 401, %good, exp => time - 100 ],
    'F-04 not yet'                 => [ 401, %good, nbf => time + 100 ],
    'F-04 exp as a string'         => [ 401, %good, exp => '9999999999' ],
    'F-05 no audience'             => [ 401, %good, aud => undef ],
    'F-05 another audience'        => [ 401, %good, aud => 'https://mcp.example/other' ],
    'F-05 audience in a list'      => [ 200, %good, aud => [ 'x', 'https://mcp.example/mcp' ] ],
    'F-06 another issuer'          => [ 401, %good, iss => 'https://evil.example' ],
    'F-06 this issuer'             => [ 200, %good, iss => $as{first}->issuer ],
    'a bound token'                => [ 401, %good, cnf => { jkt => 'x' } ],
    'a DPoP token'                 => [ 401, %good, token_type => 'DPoP' ],
    'a refresh token'              => [ 401, %good, token_use => 'refresh_token' ],
    'no subject, but a client'     => [ 200, %good, sub => undef ],
);
for my $name (sort keys %answer) {
    my ($want, %claims) = @{ $answer{$name} };
    my $res = ask('/first', token(first => %claims));
    is $res->status, $want, "$name: $want";
    is bearer($res->headers('WWW-Authenticate'))->{param}{error}, 'invalid_token', "$name: says so" if $want == 401;
}

# W-02: some servers give the token itself as its id. It ends in no field, no variable and no log.
$token = token(first => %good, exp => time + 100);
$as{first}->tokens({ $token => { %good, jti => $token, ref => $token } });
$backend->clear;
is status('/claims', $token), 200, 'W-02 a token that is its own id';
is_deeply [ map { $backend->seen($_) } qw(X-Id X-Ref X-Sub) ], ['alice'], 'W-02 is in no field';
ok $httpd->wait_log(qr{^/claims 200 -$}m, 5, 'access_log'), 'W-02 and in no variable';

# F-03, F-07 to F-10: what is no answer. 503, and never kept: the next request may be good.
for my $how (qw(array not_json text html empty duplicate deep huge cut cut_short 500 404 204 401 403 redirect gzip_bomb)) {
    my $token = token(first => %good);
    $as{first}->behave(introspect => $how);
    my $res = ask('/first', $token);
    is $res->status, 503, "F-03 to F-10 $how: 503";
    ok $res->header('Retry-After'), "$how: with Retry-After";
    is_deeply [ $res->headers('WWW-Authenticate') ], [], "$how: no challenge";
    $as{first}->behave(introspect => undef);
    ok wait_until(10, sub { status('/first', $token) == 200 }), "$how: well again";
}
is $as{first}->count('/elsewhere'), 0, 'F-08 no redirect was followed';
ok $httpd->wait_log(qr/MCP0120: .*status 500|MCP0120: /), 'the operator is told';
is status('/wrong', token(wrong => %good)), 503, 'F-07 our own credential is wrong: 503';
ok $httpd->wait_log(qr{MCP0120: issuer "\Q@{[ $as{wrong}->issuer ]}\E": .*status 401}), 'F-07 and an error line';

# F-11: bytes that mean something in a form.
for my $odd ('a+b/c==', 'a~b-c._', 'abc====') {
    keep_secret($odd) if length $odd > 5;
    $as{first}->tokens({ $odd => \%good });
    is status('/first', $odd), 200, "F-11 $odd arrives as it is";
    is asked(first => $odd), 1, "F-11 $odd: once";
}

# F-13: both kinds on one path, each in one way only.
my $jwt = MCPTest::JWT->new(key => $key, aud => 'https://mcp.example/mcp', scope => 's');
my ($first, $second) = map { $as{$_}->clear; asked($_) } qw(first second);
is status('/both', $jwt->mint(iss => $as{keys}->issuer)), 200, 'F-13 a JWT by its keys';
is status('/both', $jwt->mint(iss => $as{first}->issuer)), 200, 'F-13 a JWT of an issuer that could be asked, by its keys as well';
is status('/both', $jwt->mint(iss => $as{first}->issuer, _key => MCPTest::Key->get('P-256', 2))), 401, 'F-13 one that its keys do not verify is refused';
is status('/both', $jwt->mint(iss => 'https://evil.example')), 401, 'F-13 one of a stranger';
is asked($_), 0, "F-13 nobody was asked: $_" for qw(first second);
is status('/both', token(first => %good)), 200, 'F-13 an opaque one';
is status('/both', token(second => %good)), 401, 'a token is shown to the first issuer only';
is asked('second'), 0, 'and never to another';
is status('/second', $token = token(second => %good)), 200, 'W-04 one that another issuer vouches for elsewhere';
is_deeply [ map { status('/both', $token) } 1 .. 6 ], [ (401) x 6 ], 'W-04 is for that no token here';
is status('/keys', token(first => %good)), 401, 'where nobody can be asked it is malformed';
my $jwe = join '.', 'eyJhbGciOiJSU0EtT0FFUCJ9', ('x' x 20) x 4;
is status('/keys', $jwe), 401, 'an encrypted token as ever';
is status('/first', $jwe), 401, 'and where one can be asked, that one says so';
is asked(first => $jwe), 1, 'namely once';

# MCPTokenFormat opaque: revocation counts for JWTs, and no key is fetched.
my $revocable = $jwt->mint(iss => $as{opaque}->issuer);
$as{opaque}->tokens({ $revocable => \%good });
is status('/opaque', $revocable), 200, 'opaque: a JWT that is active';
is status('/opaque', $jwt->mint(iss => $as{opaque}->issuer)), 401, 'opaque: one that is not, though its signature is right';
is $as{opaque}->count($as{opaque}->jwks_path) + $as{opaque}->metadata_count, 0, 'opaque: keys are nobody\'s business';

# MCPIntrospection URL 0: every request asks, so revocation is at once.
my $now = token(fresh => %good);
is_deeply [ map { status('/fresh', $now) } 1 .. 3 ], [ 200, 200, 200 ], 'TTL 0: a token';
is asked(fresh => $now), 3, 'TTL 0: is asked about each time';
$as{fresh}->tokens({});
is status('/fresh', $now), 401, 'TTL 0: revoked at once';

# G-02: never beyond its end.
my $short = token(first => %good, exp => int(time) + 2);
is status('/first', $short), 200, 'G-02 before its end';
ok wait_until(40, sub { status('/first', $short) == 401 }), 'G-02 not after it';

# F-14: a flood of unknown tokens, and of one token that is not active.
$as{first}->clear;
is_deeply [ grep { $_ != 401 } map { status('/first', 'one-that-nobody-knows') } 1 .. 20 ], [], 'F-14 one inactive token, 20 times';
is asked('first'), 1, 'F-14 is asked about once';
is status('/first', $token = token(first => %good)), 200, 'F-14 a good one beside';

# One question at a time for a token, whoever has it.
sub at_once ($n, $path, $make) {
    my @pipes;
    for my $i (1 .. $n) {
        pipe my $from, my $to or die "pipe: $!";
        my $pid = fork() // die "fork: $!";
        if (!$pid) {
            my $start  = time;
            my $status = eval { status($path, $make->($i)) } // 0;
            syswrite $to, sprintf '%d %.2f', $status, time - $start;
            require POSIX;
            POSIX::_exit(0);
        }
        push @pipes, [ $from, $pid ];
    }
    return map { my ($from, $pid) = @$_; my $text = readline $from; waitpid $pid, 0; [ split / /, $text ] } @pipes;
}
$as{first}->behave(introspect => 'slow:0.5');
my $shared = token(first => %good);
my @got = at_once(12, '/first', sub ($i) { $shared });
is_deeply [ map { $_->[0] } @got ], [ (200) x 12 ], 'twelve requests with a new token at once';
is asked(first => $shared), 1, 'and one question';
$as{first}->behave(introspect => undef);

# Where an answer may not be shared nobody waits for another's.
$as{fresh}->behave(introspect => 'slow:0.4');
my $alone = token(fresh => %good);
my @alone = at_once(12, '/fresh', sub ($i) { $alone });
is_deeply [ map { $_->[0] } @alone ], [ (200) x 12 ], 'TTL 0: twelve requests at once';
is scalar(grep { $_->[1] > 2 } @alone), 0, 'TTL 0: none after the other';
$as{fresh}->behave(introspect => undef);

# F-14: no more than so many questions at a time; the others are told to come again, and good tokens that are known go on.
my $known = token(busy => %good);
is status('/busy', $known), 200, 'a known token';
$as{busy}->behave(introspect => 'hang');
$as{busy}->clear;
my $before = time;
my @flood;
for my $wave (1 .. 5) {    # a slow machine does not get them there at once each time
    @flood = at_once(60, '/busy', sub ($i) { $i % 6 ? "flood-$wave-$i-xxxxxxxxx" : $known });
    last if $httpd->error_log =~ /: refused GET \/busy: busy,/;
    sleep 9;               # MCP_LIMIT_INQUIRY_PAUSE
}
is_deeply [ grep { $_->[0] != 200 } @flood[ grep { !(($_ + 1) % 6) } 0 .. 59 ] ], [], 'F-14 known tokens are served in the flood';
is_deeply [ grep { $_->[0] != 503 } @flood[ grep { (($_ + 1) % 6) } 0 .. 59 ] ], [], 'F-14 the flood is 503, not 401';
cmp_ok $as{busy}->peak($as{busy}->introspection_path), '<=', 32, 'F-14 at most 32 questions at a time';
ok $httpd->wait_log(qr/: refused GET \/busy: busy,/), 'F-14 what is too much is called "busy"';
$as{busy}->behave(introspect => undef);

# F-08: an endpoint that hangs costs one timeout, then nobody anything for a while; and it recovers.
$as{hung}->behave(introspect => 'hang');
my $start = time;
is status('/hung', token(hung => %good)), 503, 'F-08 an endpoint that hangs';
cmp_ok time - $start, '<', 3, 'F-08 costs a timeout';
$start = time;
is status('/hung', token(hung => %good)), 503, 'F-08 the next';
cmp_ok time - $start, '<', 0.5, 'F-08 nothing';
$as{hung}->behave(introspect => undef);
my $back = token(hung => %good);
ok wait_until(10, sub { status('/hung', $back) == 200 }), 'F-08 it recovers by itself';

# The status has counted it.
my %status = MCPTest::HTTP->new($httpd->url)->get('/server-status?auto')->body =~ /^(MCP\S+): (.*)$/mg;
my ($n) = grep { $status{"MCPIssuer${_}URL"} eq $as{first}->issuer } 0 .. 10;
cmp_ok $status{"MCPIssuer${n}Introspections"}, '>', 20, 'status: introspections';
cmp_ok $status{"MCPIssuer${n}IntrospectionsFailed"}, '>', 10, 'status: those without an answer';
cmp_ok $status{"MCPIssuer${n}IntrospectionsInactive"}, '>', 3, 'status: inactive ones';
cmp_ok $status{"MCPIssuer${n}IntrospectionsShared"}, '>', 5, 'status: answers of others';
cmp_ok $status{"MCPIssuer${n}IntrospectionMaxMs"}, '>=', 400, 'status: the longest';

# Two virtual hosts, one issuer, an endpoint each: when one is down, the other's tokens are asked about.
{
    my $two = MCPTest::Httpd->start(modules => ['socache_shmcb'], conf => <<"END");
Listen 127.0.0.1:\@PORT2\@
@{[ issuer(first => $basic) ]}
<VirtualHost 127.0.0.1:\@PORT2\@>
@{[ issuer(first => $basic) =~ s{MCPIntrospection .*}{MCPIntrospection http://127.0.0.1:@{[ free_port() ]}/}r ]}
</VirtualHost>
<Location "/">
    AuthType MCP
    MCPResource https://mcp.example/mcp
    Require mcp-scope s
    ProxyPass @{[ $backend->url ]}/x
</Location>
END
    my $at = sub ($n, $token) { MCPTest::HTTP->new('http://127.0.0.1:' . $two->port($n), timeout => 20)->get('/', Authorization => "Bearer $token")->status };
    is $at->(2, token(first => %good)), 503, 'the endpoint of one virtual host is down';
    is $at->(1, token(first => %good)), 200, 'that of the other is asked';
    $two->stop;
}

done_testing;
