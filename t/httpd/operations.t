#!/usr/bin/perl
# I-01 to I-24, I-26 to I-36, I-39, I-40. MCPOperation: which operation gets through, what a refusal says, and what the
# backend sees of it all.

use v5.36;
use Test::More;
use Digest::SHA 'sha256_hex';
use MCPTest::Backend;
use MCPTest::Challenge qw(bearer complaints);
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util qw(json_data json_text slurp);
use MIME::Base64 'encode_base64';

my $backend = MCPTest::Backend->start;
my $key     = MCPTest::Key->get('P-256');

my %section = (
    mcp => <<'END',
Require mcp-scope base
MCPScopeImplies all files:delete
MCPOperation tools/call delete_* files:delete files:write
MCPOperation tools/call secret denied
MCPOperation tools/call free granted
MCPOperation resources/read file:///public/* granted
MCPOperation resources/read * files:read
MCPOperation completion/complete * complete
MCPOperation response * granted
END
    list     => "Require valid-user\nMCPOperation tools/list * granted\nMCPOperation * * denied",
    any      => "<RequireAny>\nRequire mcp-scope admin\nRequire mcp-role boss\n</RequireAny>\nMCPOperation tools/call * call",
    lazy     => "Require mcp-scope base\nMCPOperation initialize * anonymous\nMCPOperation tools/call free anonymous\nMCPOperation tools/call * call",
    open     => "Require all granted\nMCPOperation tools/call * call\nMCPOperation prompts/get * denied",
    here     => "Require ip 192.0.2.1\nMCPOperation * * anonymous",
    report   => "MCPMode report\nRequire valid-user\nMCPOperation tools/call * call\nMCPOperation ping * denied",
    batch    => "Require valid-user\nMCPBatch On\nMCPOperation tools/call delete_* files:delete\nMCPOperation tools/call secret denied",
    small    => "Require valid-user\nMCPMaxBody 2K\nMCPOperation ping * granted",
    ruleless => 'Require valid-user',
    merge    => <<'END',
Require valid-user
MCPOperation tools/call * denied
MCPMaxBody 2K
MCPBatch On
END
    'merge/inner' => <<'END',
MCPOperation ping * denied
MCPMaxBody 4K
MCPBatch Off
END
    'merge/none' => 'MCPOperation none',
);
my $sections = join '', map { "<Location \"/$_\">\n" . (m{/} ? '' : "AuthType MCP\nMCPResource http://127.0.0.1:\@PORT@/\n") . "$section{$_}\n</Location>\n" } sort keys %section;

my $httpd = MCPTest::Httpd->start(
    vars  => { BACKEND => $backend->url },
    files => { 'conf/keys.json' => MCPTest::Key::jwks($key) },
    conf  => <<"END");
LogFormat "%>s %{MCP_METHOD}e %{MCP_NAME}e %{MCP_DECISION}e %{MCP_REASON}e" operation
CustomLog \@ROOT@/logs/operations operation
<MCPIssuer "https://auth.example.com">
    MCPKeys file:\@ROOT@/conf/keys.json
</MCPIssuer>
ProxyPass / \@BACKEND@/
$sections
END

my $http  = MCPTest::HTTP->new($httpd->url);
my $jwt   = MCPTest::JWT->new(key => $key, iss => 'https://auth.example.com', aud => $httpd->url('/'));
my %token = map { $_ => 'Bearer ' . $jwt->mint(scope => $_) } '', 'base', 'call', 'base files:delete files:write', 'base files:write all', 'base files:read';
$token{boss} = 'Bearer ' . $jwt->mint(roles => ['boss']);

sub message ($method, $params = undef, %more) { return { jsonrpc => '2.0', id => 7, method => $method, $params ? (params => $params) : (), %more } }
sub call ($name, %more) { return message('tools/call', { name => $name, arguments => { path => '/x' } }, %more) }

# Posts a body and says what came: the status when the backend was asked, "status code" of the JSON-RPC error when not.
sub outcome ($path, $token, $body, @fields) {
    my $text = ref $body ? json_text($body) : $body;
    $backend->clear;
    my $res = $http->post_json("/$path", $text, defined $token ? (Authorization => $token{$token} // die "no token $token") : (), @fields);
    if ($backend->count) {
        is $backend->last_request->{sha256}, sha256_hex($text), 'the backend has every byte';
        return ($res->status, $res);
    }
    my $error = json_data($res->body);
    return ($res->status . ' ' . $error->{error}{code}, $res, $error);
}

sub outcome_is ($name, $want, $path, $token, $body, @fields) {
    my ($got, $res, $error) = outcome($path, $token, $body, @fields);
    is $got, $want, $name or diag $res->body;
    return ($res, $error);
}

sub scope_is ($res, $want, $name) {
    my @fields = $res->headers('WWW-Authenticate');
    return is scalar @fields, 0, "$name: no challenge" if !defined $want;
    is_deeply [ complaints(@fields) ], [], "$name: a clean challenge";
    return is bearer(@fields)->{param}{scope} // '', $want, "$name: scope";
}

sub completion (%ref) { return message('completion/complete', { ref => \%ref, argument => { name => 'a', value => 'b' } }) }
sub reading ($uri) { return message('resources/read', { uri => $uri }) }

# [ name, outcome, path, token, body, scope of the challenge ]
for my $row (
    [ 'I-02 the base scope and no tool scope',        '403 -32000', mcp => 'base', call('delete_file'), 'base files:delete files:write' ],
    [ 'I-02 another scope',                           '403 -32000', mcp => 'call', call('delete_file'), 'base files:delete files:write' ],
    [ 'I-02 no scope',                                '403 -32000', mcp => '', call('delete_file'), 'base files:delete files:write' ],
    [ 'all the scopes',                               200,          mcp => 'base files:delete files:write', call('delete_file') ],
    [ 'one of them implied',                          200,          mcp => 'base files:write all', call('delete_file') ],
    [ 'denied whatever the token has',                '403 -32000', mcp => 'base files:delete files:write', call('secret') ],
    [ 'granted with the base scope',                  200,          mcp => 'base', call('free') ],
    [ 'granted without it',                           '403 -32000', mcp => 'call', call('free'), 'base' ],
    [ 'I-30 no rule: Require alone',                  200,          mcp => 'base', call('other') ],
    [ 'I-30 no rule: Require says no',                '403 -32000', mcp => 'call', call('other'), 'base' ],
    [ 'I-01 no token',                                '401 -32000', mcp => undef, call('delete_file'), 'base' ],
    [ 'another method with that name',                200,          mcp => 'base', message('prompts/get', { name => 'delete_file' }) ],
    [ 'I-31 a public file',                           200,          mcp => 'base', reading('file:///public/a/b') ],
    [ 'I-31 another file',                            '403 -32000', mcp => 'base', reading('file:///private'), 'base files:read' ],
    [ 'I-31 a way out',                               '400 -32600', mcp => 'base files:read', reading('file:///public/../private') ],
    [ 'I-31 a way out, encoded',                      '400 -32600', mcp => 'base files:read', reading('file:///public/%2E%2e/private') ],
    [ 'I-31 another case of the scheme',              '403 -32000', mcp => 'base', reading('FILE:///public/x'), 'base files:read' ],
    [ 'I-32 completion of a prompt',                  '403 -32000', mcp => 'base', completion(type => 'ref/prompt', name => 'p'), 'base complete' ],
    [ 'I-32 completion of nothing',                   '400 -32600', mcp => 'base', completion(type => 'ref/tool', name => 'p') ],
    [ 'I-29 a notification',                          '403 -32000', mcp => 'base', { jsonrpc => '2.0', method => 'tools/call', params => { name => 'delete_x' } }, 'base files:delete files:write' ],
    [ 'I-30 a list of what may be',                   200,          list => '', message('tools/list') ],
    [ 'I-30 and the rest may not',                    '403 -32000', list => '', message('initialize') ],
    [ 'scopes of a branch that was not taken',        '403 -32000', any  => 'boss', call('x'), 'call' ],
    [ 'let in by address only, from elsewhere',       '403 -32000', here => undef, message('ping') ],
    [ 'lazy: an operation for everybody',             200,          lazy => undef, message('initialize') ],
    [ 'lazy: a tool for everybody',                   200,          lazy => undef, call('free') ],
    [ 'lazy: the rest',                               '401 -32000', lazy => undef, call('other'), 'base' ],
    [ 'lazy: no rule',                                '401 -32000', lazy => undef, message('tools/list'), 'base' ],
    [ 'lazy: with a token that lacks the base scope', 200,          lazy => '', call('free') ],
    [ 'lazy: malformed',                              '401 -32000', lazy => undef, '{', 'base' ],
    [ 'lazy: ambiguous',                              '401 -32000', lazy => undef, '{"jsonrpc":"2.0","id":1,"method":"initialize","method":"tools/call"}', 'base' ],
    [ 'open: no rule',                                200,          open => undef, message('ping') ],
    [ 'open: a scope',                                '401 -32000', open => undef, call('x'), 'call' ],
    [ 'open: a scope that lacks',                     '403 -32000', open => 'base', call('x'), 'call' ],
    [ 'open: a scope that is there',                  200,          open => 'call', call('x') ],
    [ 'open: denied',                                 '403 -32000', open => undef, message('prompts/get', { name => 'p' }) ],
    [ 'open: malformed',                              '400 -32700', open => undef, '{' ],
) {
    my ($name, $want, $path, $token, $body, $scope) = @$row;
    my ($res, $error) = outcome_is($name, $want, $path, $token, $body);
    scope_is($res, $scope, $name) if $want =~ /^40[13]/;
    is $error->{id}, $body->{id}, "$name: id" if $error && ref $body;
}
{
    my ($got) = outcome('lazy', undef, call('free'), Authorization => 'Bearer x.y.z');
    is $got, '401 -32000', 'lazy: a bad token is worse than none';
}

# Header fields. [ name, outcome, body, fields ]
my @modern = ('MCP-Protocol-Version' => '2026-07-28');
my @old    = ('MCP-Protocol-Version' => '2025-11-25');
my @free   = ('Mcp-Method' => 'tools/call', 'Mcp-Name' => 'free');
my $umlaut = "f\x{fc}r alle";
sub modern ($name) { return message('tools/call', { name => $name, _meta => { 'io.modelcontextprotocol/protocolVersion' => '2026-07-28' } }) }
sub sentinel ($text) { return '=?base64?' . encode_base64($text, '') . '?=' }
my $result = { jsonrpc => '2.0', id => 1, result => {} };
for my $row (
    [ 'I-05 all there',                 200,          modern('free'), @modern, @free ],
    [ 'I-05 no method',                 '400 -32020', modern('free'), @modern, 'Mcp-Name' => 'free' ],
    [ 'I-05 no name',                   '400 -32020', modern('free'), @modern, 'Mcp-Method' => 'tools/call' ],
    [ 'I-05 no version',                '400 -32020', modern('free'), @free ],
    [ 'I-03 another name in the field', '400 -32020', modern('free'), @modern, 'Mcp-Method' => 'tools/call', 'Mcp-Name' => 'secret' ],
    [ 'I-03 and the reverse',           '400 -32020', modern('secret'), @modern, @free ],
    [ 'I-04 another method',            '400 -32020', call('free'), 'Mcp-Method' => 'tools/list' ],
    [ 'I-06 none of them, older',       200,          call('free'), @old ],
    [ 'I-06 older, one wrong',          '400 -32020', call('free'), @old, 'Mcp-Name' => 'fre' ],
    [ 'I-06 older, right ones',         200,          call('free'), @old, @free ],
    [ 'I-07 another version',           '400 -32020', modern('free'), @old, @free ],
    [ 'I-08 the name twice',            '400 -32020', call('free'), 'Mcp-Name' => 'free', 'Mcp-Name' => 'free' ],
    [ 'I-08 the method twice',          '400 -32020', call('free'), 'Mcp-Method' => 'tools/call', 'Mcp-Method' => 'tools/list' ],
    [ 'I-09 in Base64',                 200,          call($umlaut), 'Mcp-Name' => sentinel("f\xc3\xbcr alle") ],
    [ 'I-09 in Base64, needlessly',     200,          call('free'), 'Mcp-Name' => sentinel('free') ],
    [ 'I-09 without padding',           '400 -32020', call('free'), 'Mcp-Name' => '=?base64?ZnJlZQ?=' ],
    [ 'I-09 no Base64',                 '400 -32020', call('free'), 'Mcp-Name' => '=?base64?%%%?=' ],
    [ 'I-09 upper case',                '400 -32020', call('free'), 'Mcp-Name' => '=?BASE64?ZnJlZQ==?=' ],
    [ 'I-09 twice',                     '400 -32020', call('free'), 'Mcp-Name' => sentinel(sentinel('free')) ],
    [ 'I-09 a name that looks like it', '400 -32020', call('=?base64?ZnJlZQ==?='), 'Mcp-Name' => '=?base64?ZnJlZQ==?=' ],
    [ 'I-09 bytes as they are',         '400 -32020', call($umlaut), 'Mcp-Name' => "f\xc3\xbcr alle" ],
    [ 'I-10 lower case',                200,          call('free'), 'mcp-name' => 'free', 'mcp-method' => 'tools/call' ],
    [ 'I-10 an underscore',             '400 -32020', call('free'), 'Mcp_Name' => 'free' ],
    [ 'I-10 a name that is not for the backend',    '400 -32020', call('free'), @old, @free, Connection => 'Mcp-Name' ],
    [ 'I-10 nor a type',            '400 -32020', call('free'), Connection => 'close, content-type' ],
    [ 'I-10 other fields may be so', 200,         call('free'), Connection => 'close, X-Other' ],
    [ 'I-11 case of the value',         '400 -32020', call('free'), 'Mcp-Method' => 'Tools/Call' ],
    [ 'I-40 other fields',              200,          call('free'), 'Mcp-Param-Region' => 'us-west1' ],
    [ 'I-21 a second Content-Type',     '415 -32000', call('free'), 'Content-Type' => 'text/plain' ],
    [ 'I-22 gzip',                      '415 -32000', call('free'), 'Content-Encoding' => 'gzip' ],
    [ 'I-22 identity',                  200,          call('free'), 'Content-Encoding' => 'identity' ],
    [ 'I-22 identity and gzip',         '415 -32000', call('free'), 'Content-Encoding' => 'identity, gzip' ],
    [ 'I-28 a response of 2025',        200,          $result, @old ],
    [ 'I-28 a response of 2026',        '400 -32600', $result, @modern ],
    [ 'I-28 a response of no revision', '400 -32600', $result ],
    [ 'I-18 a batch where none may be', '400 -32600', [ call('free') ] ],
) {
    my ($name, $want, $body, @fields) = @$row;
    outcome_is($name, $want, mcp => 'base', $body, @fields);
}

# Bodies that programs could read differently: [ name, code, body ]. The backend never has them.
my $before = '{"jsonrpc":"2.0","id":1,';
for my $row (
    [ 'I-12 the method twice',        -32600, $before . '"method":"tools/list","method":"tools/call","params":{"name":"free"}}' ],
    [ 'I-12 the params twice',        -32600, $before . '"method":"tools/call","params":{"name":"free"},"params":{"name":"secret"}}' ],
    [ 'I-12 the name twice',          -32600, $before . '"method":"tools/call","params":{"name":"free","name":"secret"}}' ],
    [ 'I-12 an escaped twin',         -32600, $before . '"method":"tools/call","params":{"name":"free","\\u006eame":"secret"}}' ],
    [ 'I-13 Name beside name',        -32600, $before . '"method":"tools/call","params":{"name":"free","Name":"secret"}}' ],
    [ 'I-13 PARAMS instead of it',    -32600, $before . '"method":"tools/call","PARAMS":{"name":"free"}}' ],
    [ 'I-13 a long s',                -32600, $before . qq~"method":"tools/call","params":{"name":"free"},"param\xc5\xbf":{"name":"secret"}}~ ],
    [ 'I-15 NUL in a name',           -32600, $before . '"method":"tools/call","params":{"name":"free\\u0000"}}' ],
    [ 'I-15 a blank behind a name',   -32600, $before . '"method":"tools/call","params":{"name":"secret "}}' ],
    [ 'I-15 a zero width space',      -32600, $before . qq~"method":"tools/call","params":{"name":"secret\xe2\x80\x8b"}}~ ],
    [ 'I-16 no name',                 -32600, $before . '"method":"tools/call","params":{}}' ],
    [ 'I-16 a list of names',         -32600, $before . '"method":"tools/call","params":{"name":["free"]}}' ],
    [ 'I-17 positional params',       -32600, $before . '"method":"tools/call","params":["free"]}' ],
    [ 'I-19 two texts',               -32700, json_text(call('free')) . json_text(call('secret')) ],
    [ 'I-19 a BOM',                   -32700, "\xef\xbb\xbf" . json_text(call('free')) ],
    [ 'I-20 UTF-16',                  -32700, join '', map { "$_\0" } split //, json_text(call('free')) ],
    [ 'I-20 bytes that are no UTF-8', -32700, $before . qq~"method":"tools/call","params":{"name":"fr\xc3"}}~ ],
    [ 'I-20 a lone surrogate',        -32700, $before . '"method":"tools/call","params":{"name":"free\\ud800"}}' ],
    [ 'I-26 10,000 levels',           -32700, $before . '"method":"tools/call","params":{"name":"free","arguments":' . '[' x 10_000 . ']' x 10_000 . '}}' ],
    [ 'I-28 a call and a result',     -32600, $before . '"method":"tools/call","params":{"name":"free"},"result":{}}' ],
    [ 'I-35 an id that is an object', -32600, '{"jsonrpc":"2.0","id":{"a":1},"method":"tools/call","params":{"name":"free"}}' ],
) {
    my ($name, $code, $text) = @$row;
    outcome_is($name, "400 $code", mcp => 'base files:delete files:write', $text);
}
my $deed = $before . '"method":"tools\\/ca\\u006cl","params":{"name":"\\u0073ecret"}}';
outcome_is('I-14 escapes in the values are read',    '403 -32000', mcp => 'base', $deed);
outcome_is('I-14 and passed on',                     200,          mcp => 'base', $deed =~ s/u0073ecret/u0066ree/r);
outcome_is('I-26 half a million values',  200,          mcp => 'base', $before . '"method":"tools/call","params":{"name":"free","arguments":[' . join(',', (1) x 500_000) . ']}}');
outcome_is('I-27 numbers that few programs can hold', 200,         mcp => 'base', $before . '"method":"tools/call","params":{"name":"free","arguments":[1e400,123456789012345678901234567890]}}');
{
    my ($res, $error) = outcome_is('I-35 an id that is a long string', '403 -32000', mcp => 'base', call('secret', id => 'x' x 100_000));
    is $error->{id}, undef, 'I-35 which is not echoed';
    ($res, $error) = outcome_is('I-35 an id with markup', '403 -32000', mcp => 'base', call('secret', id => '<script>"\\'));
    is $error->{id}, '<script>"\\', 'I-35 which is';
    is $res->header('Content-Type'), 'application/json', 'I-35 as JSON';
    is $res->header('X-Content-Type-Options'), 'nosniff', 'I-35 and as nothing else';
}

# Content-Type, as only the request itself can say it.
my %json = ('Content-Type' => 'application/json');
for my $row (
    [ undef,                               415 ],
    [ 'application/json; charset=utf-8',   200 ],
    [ 'application/json;charset="UTF-8"',  200 ],
    [ 'Application/JSON',                  200 ],
    [ 'application/json; charset=utf-16',  415 ],
    [ 'application/x-www-form-urlencoded', 415 ],
    [ 'application/jsonx',                 415 ],
    [ 'multipart/form-data; boundary=x',   415 ],
) {
    my ($type, $want) = @$row;
    my $res = $http->request(POST => '/mcp', [ Authorization => $token{base}, defined $type ? ('Content-Type' => $type) : () ], json_text(call('free')));
    is $res->status, $want, 'I-21 Content-Type ' . ($type // 'absent');
}

# Methods without a body, with one they should not have, and other methods.
my $body = json_text(call('x'));
my @list = (Authorization => $token{''});
for my $method (qw(GET HEAD DELETE)) {
    is $http->request($method => '/list', [@list])->status, 200, "I-33 $method is for Require alone";
    is $http->request($method => '/list')->status,          401, "I-33 $method needs a token";
    is $http->request($method => '/list', [ @list, %json, 'X-HTTP-Method-Override' => 'POST' ], $body)->status, 400, "I-34 $method with a body";
}
is $http->request($_ => '/list', [ @list, %json ], $body)->status, 403, "$_ is judged as POST is" for qw(PUT PATCH PROPFIND FOO);
is $http->request(POST => '/list?method=tools/list', [ @list, %json ], $body)->status, 403, 'I-34 the query says nothing';

# Batches, where they may be.
outcome_is('I-18 all of a batch',         200,          batch => '', [ call('x'), message('ping', undef, id => 8) ]);
outcome_is('I-18 one that lacks a scope', '403 -32000', batch => '', [ call('x'), call('delete_y', id => 8) ]);
outcome_is('I-18 one that is denied',     '403 -32000', batch => 'base files:delete files:write', [ call('delete_y'), call('secret', id => 8) ]);
outcome_is('I-18 with the scope',         200,          batch => 'base files:delete files:write', [ call('x'), call('delete_y', id => 8) ]);
outcome_is('I-18 a batch of none',        '400 -32600', batch => '', []);
outcome_is('I-18 a batch of batches',     '400 -32600', batch => '', [ [ call('x') ] ]);
outcome_is('I-18 with initialize',        '400 -32600', batch => '', [ message('initialize') ]);
outcome_is('I-18 of another revision',    '400 -32600', batch => '', [ call('x') ], @modern);
outcome_is('I-18 cut short',              '400 -32700', batch => '', "[$body,");
outcome_is('I-18 a single one as before', 200,          batch => '', call('x'));

# Bodies of a given size.
sub sized ($bytes) {
    my $head = '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"';
    return $head . ('y' x ($bytes - length($head) - 3)) . '"}}';
}
sub send_as ($how, $path, $token, $text) {
    my @fields = (Authorization => $token{$token}, %json);
    return $http->request(POST => $path, \@fields, undef, chunked => [ $text =~ /(.{1,8192})/gs ]) if $how eq 'chunked';
    return $http->request(POST => $path, \@fields, $text, $how eq 'expecting 100' ? (expect => 1) : ());
}
for my $how ('whole', 'chunked') {
    is send_as($how, '/small', '', sized(2048))->status, 200, "I-24 $how: at the limit";
    my $res = send_as($how, '/small', '', sized(2049));
    is $res->status, 413, "I-24 $how: beyond it";
    is json_data($res->body)->{error}{code}, -32000, "I-24 $how: a JSON-RPC error";
}
is send_as('whole', '/mcp', 'base', sized(1_048_577))->status, 413, 'I-24 more than a megabyte, without MCPMaxBody';
for my $bytes (100, 1000, 8191 .. 8193, 16383 .. 16385, 65_535 .. 65_537, 1_048_575, 1_048_576) {
    for my $how ('whole', 'chunked', 'expecting 100') {
        my $text = sized($bytes);
        $backend->clear;
        is send_as($how, '/mcp', 'base', $text)->status, 200, "I-36 $bytes bytes, $how";
        is $backend->last_request->{sha256}, sha256_hex($text), "I-36 $bytes bytes, $how: are the same";
    }
}

# Without rules nothing is looked at.
for my $text ('', '{', "\xff\xfe", sized(2_000_000)) {
    $backend->clear;
    is $http->request(POST => '/ruleless', [ @list, 'Content-Type' => 'text/plain' ], $text)->status, 200, 'no rules: ' . length($text) . ' bytes';
    is $backend->last_request->{sha256}, sha256_hex($text), 'no rules: the same bytes';
}

# Sections inside of others: path, [ tools/call, ping, a batch of one, 3000 bytes ].
for my $row ([ 'merge', 403, 200, 200, 413 ], [ 'merge/silent', 403, 200, 200, 413 ], [ 'merge/inner', 200, 403, 400, 200 ], [ 'merge/none', 200, 200, 200, 200 ]) {
    my ($path, @want) = @$row;
    my @got = map { $_->status } map { send_as('whole', "/$path", '', $_) } map({ json_text($_) } call('x'), message('ping'), [ message('tools/list') ]), sized(3000) =~ s/ping/pong/r;
    is_deeply \@got, \@want, "/$path: what counts there";
}

# Report mode.
$httpd->mark;
for my $text ((map { json_text($_) } call('x'), message('ping'), message('tools/list')), '', '{', sized(1_048_577), sized(3_000_000)) {
    for my $how ('whole', 'chunked') {
        $backend->clear;
        is send_as($how, '/report', '', $text)->status, 200, "report, $how: " . substr $text, 0, 60;
        is $backend->last_request->{sha256}, sha256_hex($text), 'report: every byte';
    }
}
my %reported;
$reported{$_}++ for $httpd->error_log =~ /MCP0200: would refuse POST \/report: (\w+)/g;
is_deeply \%reported, { insufficient_scope => 2, operation_denied => 2, body_malformed => 4, body_too_large => 4 }, 'report: says what would be refused';
like $httpd->error_log, qr/operation tools\/call x: expected "call", got ""/, 'report: and why';

my $log = slurp($httpd->root . '/logs/operations');
like $log, qr/^403 tools\/call delete_file refused insufficient_scope$/m, 'I-02 the log has method and name';
like $log, qr/^200 tools\/call free granted ok$/m, 'and of those let in';
like $log, qr/^200 batch - granted ok$/m, 'and of batches';
like $log, qr/^4\d\d \S+ \S+ refused $_$/m, "reason $_" for qw(operation_denied body_type body_coding body_unexpected body_malformed body_invalid header_mismatch);

done_testing;
