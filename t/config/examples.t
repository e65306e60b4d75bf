#!/usr/bin/env perl
# Every example configuration, run as it stands: a client without a token, the metadata, a right token all the way to the
# backend, a token that lacks something. Only addresses and paths of this machine are put in, by the tables below; TLS,
# host names and URLs of resources stay what an admin reads.
use v5.36;
use MCPTest::AS;
use MCPTest::Backend;
use MCPTest::Challenge qw(bearer complaints);
use MCPTest::Curl 'curl';
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Redis;
use MCPTest::TLS;
use MCPTest::Util qw(build_dir json_data json_text project_dir run slurp spew tempdir wait_until);
use Test::More;

my $DIR     = project_dir() . '/conf-examples';
my $KEY     = MCPTest::Key->get('RSA-2048');
my $AS      = MCPTest::AS->start(keys => [$KEY]);
my $OTHER   = MCPTest::AS->start(keys => [$KEY]);
my $BACKEND = MCPTest::Backend->start;
my %TESTED;

# Lines that the server calls legal but unwise: each says so in a comment.
my %UNWISE = ('company-login.conf' => ['MCPAudience'], 'identity-providers.conf' => ['MCPAudience'], 'trial-run.conf' => ['MCPMode']);

# What stands in the examples => what stands for it here. %file: for those with their own.
my %COMMON = (
    'https://auth.example.com'  => $AS->issuer,
    'https://login.example.net' => $OTHER->issuer,
    '<VirtualHost *:443>'       => '<VirtualHost *:@PORT@>',
    '/var/log/apache2/mcp.log'  => '@ROOT@/logs/mcp.log',
    (map { ("http://127.0.0.1:$_" => $BACKEND->url) } 8000 .. 8004),
    (map { my $tls = MCPTest::TLS::files($_); ("/etc/ssl/certs/$_.pem" => $tls->{cert}, "/etc/ssl/private/$_.key" => $tls->{key}) }
        qw(mcp.example.com tenants.example.com www.example.com)),
);

# An example's text with what it finds of the tables replaced; an entry of its own that it lacks is an error.
sub example ($name, %own) {
    my $text = slurp("$DIR/$name");
    $TESTED{$name} = 1;
    for my $from (keys %own) { index($text, $from) >= 0 or die "$name has no '$from'\n" }
    my %table = (%COMMON, %own);
    my $all   = join '|', map { quotemeta } sort { length $b <=> length $a } keys %table;
    return $text =~ s/($all)/$table{$1}/gr;
}

# A server with an example, and a client that takes it for the host of that example.
sub start ($name, $conf, %opt) {
    my $httpd  = MCPTest::Httpd->start(conf => $conf, tls => 1, access_format => '%m %U %>s', %opt);
    my @unwise = $httpd->error_log(all => 1) =~ /MCP0301: (\S+)/g;
    is_deeply \@unwise, $UNWISE{$name} // [], 'the server warns of nothing else' or diag $httpd->error_log(all => 1);
    return $httpd;
}

sub client ($httpd, $host, $port = $httpd->port) {
    return sub ($method, $path, $token = undef, @fields) {
        my $body = ref $fields[0] ? json_text(shift @fields) : '{"jsonrpc":"2.0","id":7,"method":"tools/list"}';
        my @args = ('-X', $method, '--connect-to', "$host:443:127.0.0.1:$port", '--cacert', MCPTest::TLS::files($host)->{ca});
        push @fields, "Authorization: Bearer $token" if defined $token;
        push @fields, 'Content-Type: application/json';
        push @args, '-d', $body if $method eq 'POST';
        return curl("https://$host$path", @args, map { ('-H', $_) } @fields);
    };
}

sub minter ($resource, %claim) { return MCPTest::JWT->new(key => $KEY, iss => $AS->issuer, aud => $resource, %claim) }

sub header_at_backend ($name) { return join ', ', $BACKEND->seen($name) }

# What holds for every protected path: 401 and its metadata without a token, 200 with one, 403 with a lesser one.
# %want: url, scope (of the challenge), token, lesser (may lack), metadata (path), body (of the 401: jsonrpc unless said).
sub walk ($ask, %want) {
    my ($path) = $want{url} =~ m{^https?://[^/]+(/.*)};
    my $answer = $ask->(POST => $path);
    is $answer->status, 401, "$path: 401 without a token" or diag $answer->summary;
    my $challenge = bearer($answer->headers('WWW-Authenticate'))->{param};
    is_deeply [ complaints($answer->headers('WWW-Authenticate')) ], [], 'its challenge is one that every client can read';
    is $challenge->{scope}, $want{scope}, 'it names the scopes';
    is $challenge->{error}, undef, 'and no error';
    is $answer->json->{id}, 7, 'the body has the id of the request' if ($want{body} // '') ne 'html';
    my ($metadata) = $challenge->{resource_metadata} =~ m{^https?://[^/]+(/.*)};
    my $document = $ask->(GET => $metadata);
    is $document->status, 200, "its metadata is at $metadata" or diag $document->summary;
    is $document->json->{resource}, $want{url}, 'and says the URL that users type';
    $BACKEND->clear;
    $answer = $ask->(POST => $path, $want{token});
    is $answer->status, 200, "$path: 200 with a right token" or diag $answer->summary;
    is $BACKEND->count, 1, 'from the backend' if !$want{local};
    is header_at_backend('Authorization'), '', 'which never saw the token' if !$want{local};
    return $document->json if !$want{lesser};
    $answer = $ask->(POST => $path, $want{lesser});
    is $answer->status, 403, "$path: 403 with a lesser token" or diag $answer->summary;
    $challenge = bearer($answer->headers('WWW-Authenticate'))->{param};
    is $challenge->{error}, 'insufficient_scope', 'for want of a scope';
    is $challenge->{scope}, $want{more} // $want{scope}, 'all the scopes it takes';
    return $document->json;
}

subtest 'proxied-server.conf' => sub {
    my $httpd = start('proxied-server.conf', example('proxied-server.conf'));
    my $ask   = client($httpd, 'mcp.example.com');
    my $url   = 'https://mcp.example.com/mcp';
    my $jwt   = minter($url);
    my $doc   = walk($ask, url => $url, scope => 'files:read', token => $jwt->mint(scope => 'files:read'), lesser => $jwt->mint(scope => 'mail'));
    is_deeply $doc->{authorization_servers}, [ $AS->issuer ], 'the metadata names the authorization server';
    is $ask->(GET => '/mcpx')->status, 404, 'a longer path is not proxied';
    ok $httpd->wait_log(qr/MCP0200: refused POST \/mcp: insufficient_scope/), 'the refusal and its reason are logged';
    unlike $httpd->error_log(all => 1), qr/AH01631/, 'once';
    my $log = slurp($httpd->root . '/logs/mcp.log');
    like $log, qr/ 401 refused no_credentials -$/m, 'the access log has the reason';
    like $log, qr/ 200 granted ok test-client$/m, 'and who was let in';
};

subtest 'several-servers.conf' => sub {
    my $httpd = start('several-servers.conf', example('several-servers.conf', '192.0.2.0/24' => '127.0.0.0/8'));
    my $ask   = client($httpd, 'mcp.example.com');
    my ($files, $calendar, $admin, $api) = map { "https://mcp.example.com/$_" } qw(files calendar admin api);
    my $jwt = minter($files);
    walk($ask, url => $files, scope => 'files:read', token => $jwt->mint(scope => 'files:write'), lesser => $jwt->mint(scope => 'mail'));
    is $ask->(GET => '/.well-known/oauth-protected-resource')->json->{resource}, $files, 'the default one has the root form';
    my $answer = $ask->(GET => '/files/archive', $jwt->mint(scope => 'files:read'));
    is $answer->status, 403, 'the archive needs more';
    is bearer($answer->headers('WWW-Authenticate'))->{param}{scope}, 'files:write', 'one scope, which covers the other';
    is $ask->(GET => '/files/archive', $jwt->mint(scope => 'files:write'))->status, 200, 'with which it opens';
    is $ask->(GET => '/calendar', $jwt->mint(scope => 'calendar:read'))->status, 401, 'a token for one is no good at another';

    $jwt = minter($calendar, iss => $OTHER->issuer);
    my $doc = walk($ask, url => $calendar, scope => 'calendar:read calendar:write', token => $jwt->mint(scope => 'calendar:write'), lesser => $jwt->mint);
    is_deeply $doc->{scopes_supported}, [qw(calendar:read calendar:write calendar:share)], 'the scopes of the metadata are those listed';
    is_deeply $doc->{authorization_servers}, [ $AS->issuer, $OTHER->issuer ], 'both authorization servers';

    $jwt = minter($admin, scope => 'admin', roles => [ 'staff', 'auditor' ], department => 'support');
    $doc = walk($ask, url => $admin, scope => 'admin', token => $jwt->mint, lesser => $jwt->mint(roles => ['staff']), more => 'admin staff operator auditor');
    is_deeply $doc->{authorization_servers}, [ $AS->issuer ], 'one authorization server';
    is $ask->(GET => '/admin', $jwt->mint(department => 'sales'))->status, 403, 'another department is refused';
    is $ask->(GET => '/admin', $jwt->mint(iss => $OTHER->issuer))->status, 401, 'and the other login';

    $answer = $ask->(GET => '/api');
    like $answer->header('Content-Type'), qr{^text/html}, 'the API has error pages';
    walk($ask, url => $api, scope => undef, token => minter($api)->mint, body => 'html');
};

subtest 'path-stripping-proxy.conf and path-stripping-front.conf' => sub {
    my $conf = "Listen 127.0.0.1:\@PORT2@\n"
        . example('path-stripping-proxy.conf', '*:8080' => '*:@PORT2@')
        . example('path-stripping-front.conf', 'http://tools.internal:8080' => 'http://127.0.0.1:@PORT2@');
    my $httpd = start('path-stripping-proxy.conf', $conf);
    my $ask   = client($httpd, 'www.example.com');
    my $url   = 'https://www.example.com/tools/mcp';
    my $jwt   = minter($url);
    walk($ask, url => $url, scope => 'tools:use', token => $jwt->mint(scope => 'tools:use'), lesser => $jwt->mint);
    is $BACKEND->last_request->{path}, '/mcp', 'the backend is asked for its own path';
    is $ask->(POST => '/tools/mcp', undef, 'Origin: https://www.example.com')->status, 401, 'the origin of the public URL is at home';
    is $ask->(POST => '/tools/mcp', undef, 'Origin: http://tools.internal:8080')->status, 403, 'that of the inner server is not';
};

subtest 'shared-hosting.conf and shared-hosting.htaccess' => sub {
    my $cgi   = "#!/bin/sh\ncat >/dev/null\necho 'Content-Type: text/plain'\necho\nenv\n";
    my $httpd = start('shared-hosting.conf', example('shared-hosting.conf', '/srv/www' => '@ROOT@/htdocs'),
        files => { 'htdocs/alice/.htaccess' => example('shared-hosting.htaccess'), 'htdocs/alice/mcp.cgi' => $cgi, 'htdocs/alice/about.html' => 'me' });
    my $ask = client($httpd, 'tenants.example.com');
    my $url = 'https://tenants.example.com/alice/mcp.cgi';
    my $jwt = minter($url, email => 'alice@example.com');
    my $doc = walk($ask, url => $url, scope => 'notes:read', token => $jwt->mint(scope => 'notes:read'), lesser => $jwt->mint, local => 1);
    is_deeply $doc->{authorization_servers}, [ $AS->issuer ], 'the tenant has chosen among the issuers';
    my %env = map { /^(\w+)=(.*)/ ? ($1 => $2) : () } split /\n/, $ask->(GET => '/alice/mcp.cgi', $jwt->mint(scope => 'notes:read'), 'X-User-Email: root@example.com')->body;
    is $env{$_}, 'alice', "$_ for the script" for qw(REMOTE_USER MCP_SUBJECT);
    is $env{MCP_SCOPE}, 'notes:read', 'MCP_SCOPE';
    is $env{HTTP_X_USER_EMAIL}, 'alice@example.com', 'the claim in its header field';
    is_deeply [ grep { ($env{$_} // '') =~ /eyJ/ } keys %env ], [], 'no token';
    is $ask->(GET => '/alice/about.html')->status, 200, 'the rest of the directory is public';
};

subtest 'local-development.conf' => sub {
    my $dir  = tempdir();
    my $tool = build_dir() . '/mcp-token';
    my $made = run([ $tool, 'keygen', '--dir', "$dir/mcp-dev" ]);
    is $made->{exit}, 0, 'mcp-token makes the keys' or diag $made->{err};
    my $httpd = start('local-development.conf', example('local-development.conf', '/etc/apache2/mcp-dev' => "$dir/mcp-dev", ':8080' => ':@PORT2@',
        'https://auth.example.com' => 'https://auth.example.com'));
    my $url  = 'http://localhost:' . $httpd->port(2) . '/mcp';
    my $http = MCPTest::HTTP->new($httpd->port(2));
    my $mint = sub (@more) {
        my $done = run([ $tool, 'mint', '--key', "$dir/mcp-dev/private.pem", '--issuer', 'https://auth.example.com', '--audience', $url, @more ]);
        is $done->{exit}, 0, "mcp-token makes a token @more" or diag $done->{err};
        return $done->{out} =~ s/\s+\z//r;
    };
    my $ask = sub ($method, $path, $token = undef, @fields) {
        my @head = ('Content-Type' => 'application/json', defined $token ? (Authorization => "Bearer $token") : (), map { split /: /, $_, 2 } @fields);
        return $http->request($method, $path, \@head, $method eq 'POST' ? '{"jsonrpc":"2.0","id":7,"method":"tools/list"}' : undef);
    };
    walk($ask, url => $url, scope => 'files:read', token => $mint->('--scope', 'files:read', '--lifetime', '8h'), lesser => $mint->('--scope', 'mail'));
    my $answer = $ask->(OPTIONS => '/mcp', undef, 'Origin: http://localhost:6274', 'Access-Control-Request-Method: POST');
    is $answer->status, 204, 'the page of MCP Inspector may call';
};

subtest 'opaque-tokens.conf' => sub {
    my $redis  = MCPTest::Redis->start;
    my $as     = MCPTest::AS->start(keys => [$KEY]);
    my $secret = 'the secret of this very test';
    my $dir    = tempdir();
    spew("$dir/secret", "$secret\n", 0600);
    $as->client(id => 'mcp-gateway', secret => $secret, method => 'basic');
    my $url  = 'https://mcp.example.com/mcp';
    my %good = (active => JSON::PP::true(), aud => $url, sub => 'alice', scope => 'files:read');
    $as->tokens({ 'right-token' => \%good, 'lesser-token' => { %good, scope => 'mail' } });
    my @conf = ('opaque-tokens.conf', example('opaque-tokens.conf', '127.0.0.1:6379' => $redis->address, '/etc/apache2/mcp-client.secret' => "$dir/secret",
        'https://auth.example.com/introspect' => $as->introspection_endpoint, 'https://auth.example.com' => $as->issuer), modules => ['socache_redis']);
    my ($one, $two) = map { start(@conf) } 1 .. 2;
    walk(client($_, 'mcp.example.com'), url => $url, scope => 'files:read', token => 'right-token', lesser => 'lesser-token') for $one, $two;
    is $as->asked($_), 1, "two machines, one question: $_" for qw(right-token lesser-token);
};

# The directory belongs to the one whom httpd's children run as.
sub state_dir () {
    my $dir = tempdir();
    chown scalar getpwnam('www-data'), -1, "$dir" or die "chown: $!" if !$<;
    return $dir;
}

subtest 'outages.conf' => sub {
    my $dir   = state_dir();
    my $as    = MCPTest::AS->start(keys => [$KEY]);
    my @conf  = ('outages.conf', example('outages.conf', '/var/lib/apache2/mcp' => "$dir", 'https://auth.example.com' => $as->issuer));
    my $url   = 'https://mcp.example.com/mcp';
    my $jwt   = MCPTest::JWT->new(key => $KEY, iss => $as->issuer, aud => $url);
    my $httpd = start(@conf);
    walk(client($httpd, 'mcp.example.com'), url => $url, scope => 'files:read', token => $jwt->mint(scope => 'files:read'), lesser => $jwt->mint);
    ok wait_until(5, sub { scalar(() = glob "$dir/*.json") }), 'keys are kept';
    $httpd->stop;
    $as->down;
    $httpd = start(@conf);
    walk(client($httpd, 'mcp.example.com'), url => $url, scope => 'files:read', token => $jwt->mint(scope => 'files:read'), lesser => $jwt->mint);
};

subtest 'company-login.conf' => sub {
    my $httpd = start('company-login.conf', example('company-login.conf',
        'http://keys.internal/jwks.json' => $AS->jwks_uri, '/etc/ssl/certs/company-ca.pem' => MCPTest::TLS::files()->{ca},
        'http://proxy.internal:3128' => 'http://127.0.0.1:9'));    # hosts of this machine are not asked for there
    my $url = 'https://mcp.example.com/mcp';
    my $jwt = MCPTest::JWT->new(key => $KEY, iss => 'https://login.example.com/tenant/v2.0', aud => 'api://files', preferred_username => 'alice@example.com');
    my $doc = walk(client($httpd, 'mcp.example.com'), url => $url, scope => 'api://files/Files.Read',
        token => $jwt->mint(scp => 'Files.Read'), lesser => $jwt->mint(scope => 'Files.Read'));
    is_deeply $doc->{scopes_supported}, ['api://files/Files.Read'], 'the metadata has the long name';
    is header_at_backend('X-MCP-Scope'), 'Files.Read', 'the backend gets the short one';
    my $ask = client($httpd, 'mcp.example.com');
    is $ask->(GET => '/mcp', $jwt->mint(scp => 'Files.Read', exp => time - 50))->status, 200, 'a clock may be off by a minute';
    is $ask->(GET => '/mcp', $jwt->mint(scp => 'Files.Read', _alg => 'RS384'))->status, 401, 'other algorithms are refused';
    is $AS->count('/.well-known/oauth-authorization-server'), $AS->metadata_count, 'there is no discovery';
};

subtest 'identity-providers.conf' => sub {
    my $httpd = start('identity-providers.conf', example('identity-providers.conf', 'https://login.example.com/realms/staff' => $AS->issuer,
        'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE00' => $OTHER->issuer));
    my $url     = 'https://mcp.example.com/mcp';
    my $ask     = client($httpd, 'mcp.example.com');
    my $staff   = minter($url, typ => 'Bearer', azp => 'desktop', preferred_username => 'alice.doe', realm_access => { roles => ['editor'] });
    my $partner = MCPTest::JWT->new(key => $KEY, iss => $OTHER->issuer, client_id => '1example23456789', token_use => 'access', 'cognito:groups' => ['partner']);
    my $doc     = walk($ask, url => $url, scope => 'files/read', token => $staff->mint(scope => 'files/read'),
        lesser => $staff->mint(scope => 'files/read', realm_access => { roles => [] }), more => 'files/read editor partner');
    is_deeply $doc->{authorization_servers}, [ $AS->issuer, $OTHER->issuer ], 'both providers';
    is header_at_backend('X-MCP-Client-ID'), 'desktop', 'the client, as Keycloak names it';
    is $ask->(GET => '/mcp', $partner->mint(scope => 'files/read openid'))->status, 200, 'a partner';
    is $ask->(GET => '/mcp', $partner->mint(scope => 'files/read', 'cognito:groups' => ['guest']))->status, 403, 'one without the group';
    is $ask->(GET => '/mcp', $partner->mint(scope => 'files/read', without => ['token_use']))->status, 401, 'a token that is no access token';
    is $ask->(GET => '/mcp', $partner->mint(scope => 'files/read', client_id => 'another'))->status, 401, 'a token of another client';
    ok $httpd->wait_log(qr/aud, token \w+, .* got "another": let clients ask/), 'which the log explains';
    is $ask->(GET => '/mcp', $staff->mint(scope => 'files/read', aud => 'account'))->status, 401, 'a token of the staff for something else';
    ok $httpd->wait_log(qr/aud, token \w+, .* got "account": add to a client scope at Keycloak/), 'which the log explains as well';
};

subtest 'browser-clients.conf' => sub {
    my $httpd = start('browser-clients.conf', example('browser-clients.conf'));
    my $ask   = client($httpd, 'mcp.example.com');
    my $url   = 'https://mcp.example.com/mcp';
    my $jwt   = minter($url, name => 'Alice', scope => 'files:read');
    my $doc   = walk($ask, url => $url, scope => 'files:read', token => $jwt->mint, lesser => $jwt->mint(scope => 'mail'));
    is $doc->{resource_name}, 'Example files', 'the metadata has a name';
    is $doc->{resource_policy_uri}, 'https://mcp.example.com/privacy', 'and the other members';
    $BACKEND->reply('/mcp' => { status => 200, headers => [ [ 'Access-Control-Allow-Origin', '*' ], [ 'X-Seen', 'yes' ] ], body => '{}' });
    my $answer = $ask->(POST => '/mcp', $jwt->mint, 'Origin: https://chat.example.net', 'X-User: root');
    is_deeply [ $answer->headers('Access-Control-Allow-Origin') ], ['https://chat.example.net'], 'one Access-Control-Allow-Origin, ours';
    is header_at_backend('X-User'), 'alice', 'the claims arrive under their names, a forged one does not';
    is header_at_backend('X-User-Name'), 'Alice', 'both of them';
    is header_at_backend('X-MCP-Subject'), '', 'and nothing else';
    $BACKEND->reply('/mcp' => undef);
    $answer = $ask->(POST => '/mcp', undef, 'Origin: https://app.example.com');
    is $answer->status, 401, 'a page without a token is told what to do';
    like $answer->header('Access-Control-Expose-Headers'), qr/WWW-Authenticate/, 'and can read it';
    is bearer($answer->headers('WWW-Authenticate'))->{param}{tenant}, 'example', 'our own parameter with it';
    is $ask->(POST => '/mcp', $jwt->mint, 'Origin: https://evil.example')->status, 403, 'pages of other origins are refused';
};

subtest 'shared-secret.conf' => sub {
    my $secret = join '', map { chr(33 + $_ % 90) } 1 .. 48;
    my $dir    = tempdir();
    my $file   = MCPTest::Util::spew("$dir/mcp.secret", $secret, 0600);
    my $httpd  = start('shared-secret.conf', example('shared-secret.conf', '/etc/apache2/mcp.secret' => $file));
    my $ask    = client($httpd, 'mcp.example.com');
    my $url    = 'https://mcp.example.com/mcp';
    my $jwt    = MCPTest::JWT->new(key => $KEY, iss => 'https://jobs.example.com', aud => $url, _key => { hmac => $secret });
    walk($ask, url => $url, scope => undef, token => $jwt->mint(_key => { hmac => $secret }));
    is $ask->(GET => '/mcp', $jwt->mint(_key => { hmac => 'x' x 48 }))->status, 401, 'another secret is refused';
    is $ask->(GET => '/mcp', $jwt->mint(_key => { hmac => $secret }, _header => { typ => 'JWT' }))->status, 401, 'and another typ';
};

subtest 'trial-run.conf' => sub {
    my $httpd = start('trial-run.conf', example('trial-run.conf'));
    my $ask   = client($httpd, 'mcp.example.com');
    my $jwt   = minter('https://mcp.example.com/mcp');
    is $ask->(POST => '/mcp')->status, 200, 'a client without a token gets in';
    is $ask->(POST => '/mcp', $jwt->mint)->status, 200, 'one without the scope as well';
    is $ask->(POST => '/mcp', $jwt->mint(scope => 'files:read'))->status, 200, 'and of course one with it';
    my $metadata = $ask->(GET => '/.well-known/oauth-protected-resource/mcp');
    is_deeply $metadata->json->{scopes_supported}, ['files:read'], 'the metadata is there';
    ok $httpd->wait_log(qr/MCP0200: would refuse POST \/mcp: insufficient_scope/), 'the error log says who would be refused';
    like slurp($httpd->root . '/logs/mcp.log'), qr/ 200 reported no_credentials\n.* 200 reported insufficient_scope\n.* 200 granted ok\n/, 'and so does the access log';
};

# A call of one operation at /mcp; status, and the scope of the challenge.
sub operate ($ask, $token, $method, %params) {
    my $answer = $ask->(POST => '/mcp', $token, { jsonrpc => '2.0', id => 7, method => $method, params => \%params });
    my @fields = $answer->headers('WWW-Authenticate');
    is_deeply [ complaints(@fields) ], [], "$method: a challenge that every client can read" if @fields;
    return join ' ', $answer->status, @fields ? bearer(@fields)->{param}{scope} : ();
}

subtest 'scopes-per-tool.conf' => sub {
    my $httpd = start('scopes-per-tool.conf', example('scopes-per-tool.conf'));
    my $ask   = client($httpd, 'mcp.example.com');
    my $url   = 'https://mcp.example.com/mcp';
    my $jwt   = minter($url);
    my ($use, $run, $admin) = map { $jwt->mint(scope => $_) } 'mcp:use', 'mcp:use tools:run', 'mcp:use tools:admin';
    my $doc   = walk($ask, url => $url, scope => 'mcp:use', token => $use, lesser => $jwt->mint);
    is_deeply $doc->{scopes_supported}, [qw(mcp:use tools:admin tools:run files:read)], 'the metadata has the scopes of the rules';
    is operate($ask, $use, 'tools/call', name => 'echo'),          '200',                         'a tool for all';
    is operate($ask, $use, 'tools/call', name => 'get-sum'),       '403 mcp:use tools:run',       'a tool that needs a scope';
    is operate($ask, $run, 'tools/call', name => 'get-sum'),       '200',                         'with it';
    is operate($ask, $run, 'tools/call', name => 'toggle-x'),      '403 mcp:use tools:admin',     'one that needs another';
    is operate($ask, $admin, 'tools/call', name => 'toggle-x'),    '200',                         'with that';
    is operate($ask, $admin, 'tools/call', name => 'get-sum'),     '200',                         'which implies the first';
    is operate($ask, $admin, 'tools/call', name => 'get-env'),     '403',                         'one for nobody';
    is operate($ask, $use, 'resources/read', uri => 'demo://resource/static/document/a.md'), '200', 'a static resource';
    is operate($ask, $use, 'resources/read', uri => 'file:///etc/passwd'), '403 mcp:use files:read', 'another';
    is operate($ask, $use, $_), '200', $_ for qw(initialize server/discover notifications/initialized tools/list prompts/list resources/list);
    is operate($ask, $use, 'no/such'), '403', 'what is not listed';
    my $log = slurp($httpd->root . '/logs/mcp.log');
    like $log, qr/ alice 403 tools\/call "get-sum" refused insufficient_scope$/m, 'the log says who was refused what';
    like $log, qr/ alice 200 tools\/call "echo" granted ok$/m, 'and who did what';
};

subtest 'anonymous-tools.conf' => sub {
    my $httpd = start('anonymous-tools.conf', example('anonymous-tools.conf'));
    my $ask   = client($httpd, 'mcp.example.com');
    is operate($ask, undef, $_), '200', "$_ for everybody" for qw(initialize server/discover notifications/initialized tools/list);
    is operate($ask, undef, 'tools/call', name => $_), '200', "$_ for everybody" for qw(search fetch);
    is header_at_backend('X-MCP-Subject'), '', 'whose name is nobody';
    is operate($ask, undef, 'tools/call', name => 'write'), '401 files:read', 'another tool is not';
    is operate($ask, minter('https://mcp.example.com/mcp')->mint(scope => 'files:read'), 'tools/call', name => 'write'), '200', 'but for those who have logged in';
    is $ask->(GET => '/mcp')->status, 401, 'a stream needs a login';
    my @batch = map { { jsonrpc => '2.0', id => $_, method => 'tools/list' } } 1, 2;
    is $ask->(POST => '/mcp', undef, \@batch)->status, 200, 'two at once';
};

is_deeply [ sort keys %TESTED ], [ sort map { s{.*/}{}r } glob "$DIR/*" ], 'no example is left out';
done_testing;
