#!/usr/bin/perl
# D-22, D-23, E-13. Where keys come from: discovery in its three forms, keys that are exchanged, authorization servers that are wrong, slow or
# away, and floods of tokens with keys nobody knows. Good tokens are not the ones to suffer.

use v5.36;
use Test::More;
use MCPTest::AS;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util 'wait_until';
use Time::HiRes 'time';

my ($one, $two, $three) = map { MCPTest::Key->get('P-256', $_) } 1 .. 3;
my %as = (
    oauth  => MCPTest::AS->start(keys => [$one], path => '/tenant', forms => ['oauth']),
    insert => MCPTest::AS->start(keys => [$one], path => '/tenant', forms => ['oidc_insert']),
    append => MCPTest::AS->start(keys => [$one], path => '/tenant', forms => ['oidc_append']),
    root   => MCPTest::AS->start(keys => [$one]),
    rotate => MCPTest::AS->start(keys => [$one]),
    same   => MCPTest::AS->start(keys => [$one]),
    flood  => MCPTest::AS->start(keys => [$one]),
    later  => MCPTest::AS->start(keys => [$one]),
    mixed  => MCPTest::AS->start(keys => [ $one, { kty => 'oct', k => 'AAAA', kid => 'bad' }, { kty => 'RSA', n => 'AQAB', e => 'AQ', kid => 'worse' } ]),
    twin   => MCPTest::AS->start(keys => [ { %{ $two->jwk }, kid => $one->kid } ]),
    away   => MCPTest::AS->start(keys => [$one]),
    map { my $name = $_; ($name => MCPTest::AS->start(keys => [$one])) } qw(redirect html cut endless duplicate empty hang status liar nojwks),
);
$as{$_}->behave(jwks => { redirect => 'redirect:/else', html => 'html', cut => 'cut', endless => 'endless', empty => 'empty_object',
        hang => 'hang', status => '500' }->{$_}) for qw(redirect html cut endless empty hang status);
$as{duplicate}->behave(metadata => 'duplicate');
$as{liar}->behave(metadata => 'wrong_issuer:https://evil.example');
$as{nojwks}->behave(metadata => '404');
$as{$_}->down for qw(away later);

my $issuers = join '', map { "MCPIssuer @{[ $as{$_}->issuer ]}\n" } sort keys %as;
my $httpd   = MCPTest::Httpd->start(conf => <<"END");
ServerLimit 1
StartServers 1
MCPTimeout 1s
$issuers
<Location "/mcp">
    AuthType MCP
    MCPResource http://127.0.0.1:\@PORT@/mcp
    Require valid-user
</Location>
<Location "/picky">
    AuthType MCP
    MCPResource http://127.0.0.1:\@PORT@/mcp
    MCPTrustIssuer @{[ $as{root}->issuer ]}
    Require valid-user
</Location>
Alias /mcp \@ROOT@/htdocs
Alias /picky \@ROOT@/htdocs
Options +Indexes
DirectoryIndex disabled
END
my $http = MCPTest::HTTP->new($httpd->url, timeout => 20);
my $jwt  = MCPTest::JWT->new(key => $one, aud => $httpd->url('/mcp'));

# A good token is one that reaches the file system behind, where there is nothing.
sub ask ($name, %more) {
    my $path = delete $more{_path} // '/mcp/x';
    return $http->get($path, Authorization => 'Bearer ' . $jwt->mint(iss => $as{$name}->issuer, %more));
}
sub status ($name, %more) { return ask($name, %more)->status }

is status($_), 404, "keys found by $_" for qw(oauth insert append root);
is $as{insert}->count($as{insert}->metadata_path('oauth')), 1, 'one form is tried after the other';
is status('root', iss => $as{root}->issuer . '/'), 401, 'an issuer is the same to the letter';
is status('root', _path => '/picky/x'), 404, 'MCPTrustIssuer: trusted';
is status('oauth', _path => '/picky/x'), 401, 'MCPTrustIssuer: not trusted here';
is status('root', _key => $two), 401, 'the right issuer, another key';

# Two issuers publish the same kid: each token by its own issuer's key.
my $twin = MCPTest::JWT->new(key => $two, iss => $as{twin}->issuer, aud => $httpd->url('/mcp'));
my @twin = (_header => { kid => $one->kid });
is $http->get('/mcp/x', Authorization => 'Bearer ' . $twin->mint(@twin))->status, 404, 'D-23 the kid of another issuer, its own key';
is status('root', _key => $two, @twin), 401, "D-22 that key does not count for the other issuer";
is $http->get('/mcp/x', Authorization => 'Bearer ' . $twin->mint(@twin, _key => $one))->status, 401, 'D-22 nor the other way round';

# A key set with useless keys beside the good one.
is status('mixed'), 404, 'useless keys beside a good one';
like $httpd->error_log(all => 1), qr/MCP0002: .*kid "worse", is left out/, 'are named';

# Rotation: a new key counts with the first token that it signed.
is status('rotate'), 404, 'before';
$as{rotate}->keys($two);
is status('rotate', _key => $two), 404, 'a new kid at once';
is status('rotate'), 401, 'the old key has gone';
is status('same'), 404, 'before';
my $swapped = { %{ $two->jwk }, kid => $one->kid };
$as{same}->keys($swapped);
is status('same', _key => $two, _header => { kid => $one->kid }), 404, 'another key under the same kid';

# A flood of unknown kids: one fetch in all, and good tokens do not notice.
is status('flood'), 404, 'before the flood';
$as{flood}->clear;
my $start = time;
is_deeply [ grep { $_ != 401 } map { status('flood', _header => { kid => "flood-$_" }) } 1 .. 200 ], [], '200 unknown kids are 401';
cmp_ok $as{flood}->count($as{flood}->jwks_path), '<=', 1, 'and one fetch';
is status('flood'), 404, 'a good token meanwhile';
cmp_ok time - $start, '<', 100, 'they did not wait a second each';

# Authorization servers that cannot answer: 503, never 401, and never anything let in.
for my $name (qw(away redirect html cut endless duplicate empty hang status liar nojwks)) {
    my $res = ask($name);
    is $res->status, 503, ($name eq 'liar' ? 'E-13 ' : '') . "$name: 503";
    ok $res->header('Retry-After'), "$name: Retry-After";
    is_deeply [ $res->headers('WWW-Authenticate') ], [], "$name: no challenge";
}
is $as{redirect}->count('/else'), 0, 'no redirect is followed';
is status('root'), 404, 'good tokens of others meanwhile';
is status('later'), 503, 'down at first';
$as{later}->up;
ok wait_until(90, sub { status('later') == 404 }), 'and back by itself';    # after a pause of a minute at most

# With keys in hand an outage is nobody's business.
$as{root}->down;
is status('root'), 404, 'keys in hand outlast their server';

unlike $httpd->error_log(all => 1), qr/eyJ[\w-]{20}/, 'no token in the log';
done_testing;
