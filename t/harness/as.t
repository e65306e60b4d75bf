# The harness itself: what the fake authorization server answers, as a strict client and as libcurl see it.
use v5.36;
use MCPTest::AS;
use MCPTest::B64 'b64url';
use MCPTest::Curl 'curl';
use MCPTest::HTTP;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::TLS;
use MCPTest::Util qw(run secrets wait_until);
use MIME::Base64 'encode_base64';
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $key  = MCPTest::Key->get('P-256');
my $as   = MCPTest::AS->start(keys => [$key]);
my $http = MCPTest::HTTP->new($as->url);
my $good = [ $key->jwk ];
my $FORM = [ 'Content-Type' => 'application/x-www-form-urlencoded' ];

# The answer of one document, behaving.
sub behaving ($how, $what = 'jwks') {
    my %path = (jwks => $as->jwks_path, metadata => $as->metadata_path('oauth'));
    $as->behave($what => $how);
    my $res = $what eq 'introspect' ? ask('x') : $http->get($path{$what});
    $as->behave($what => undef);
    return $res;
}

# What Content-Length says of a document that has two of them.
sub lengths ($what) {
    my %ask = (metadata => [ GET => $as->metadata_path('oauth') ], jwks => [ GET => $as->jwks_path ], introspect => [ POST => '/introspect', $FORM, 'token=x' ]);
    $as->behave($what => 'two_lengths');
    my $stream = $http->open(@{ $ask{$what} });
    $as->behave($what => undef);
    return $stream->response->headers('Content-Length');
}

# A question about a token: fields and parameters as they are given, each encoded already.
sub ask ($token, $fields = [], @more) {
    return $http->request(POST => $as->introspection_path, [ @$FORM, @$fields ], join '&', "token=$token", @more);
}

subtest 'every document misbehaves' => sub {
    for my $what (qw(metadata jwks introspect)) {
        my $fine = behaving('ok', $what)->json;
        is_deeply behaving('cache_control:public, max-age=7', $what)->json, $fine, "$what: cache_control keeps the document";
        is behaving('cache_control:public, max-age=7', $what)->header('Cache-Control'), 'public, max-age=7', "$what: with its text";
        my $res = behaving('retry_after:17', $what);
        is $res->status . ' ' . $res->header('Retry-After'), '429 17', "$what: retry_after";
        $res = behaving('204', $what);
        is $res->status . $res->body, '204', "$what: 204";
        my @length = lengths($what);
        is scalar @length, 2, "$what: two_lengths";
        cmp_ok $length[1], '<', $length[0], "$what: the second would end the body early";
        is behaving('to_file', $what)->header('Location'), 'file:///etc/passwd', "$what: to_file";
        is behaving('html', $what)->header('Content-Type'), 'text/html', "$what: html";
        $res = behaving('duplicate', $what);
        my ($name) = grep { exists $fine->{$_} } qw(keys active issuer);
        is scalar(() = $res->body =~ /"$name":/g), 2, "$what: $name twice";
        $res = behaving('gzip_bomb:3', $what);
        is $res->header('Content-Encoding'), 'gzip', "$what: gzip_bomb";
    }
    is behaving('wrong_issuer', 'metadata')->json->{issuer}, 'https://evil.example', 'wrong_issuer of the metadata';
    is behaving('wrong_issuer', 'introspect')->json->{iss}, 'https://evil.example', 'and of an introspection';
    is behaving('wrong_issuer', 'introspect')->json->{issuer}, undef, 'which has no issuer';
};

subtest 'what is large or slow' => sub {
    $as->behave(jwks => 'gzip_bomb');
    my $packed = curl($as->jwks_uri);
    cmp_ok length $packed->body, '<', 1_000_000, 'the bomb is small on the wire';
    my $open = curl($as->jwks_uri, '--compressed');
    is length $open->body, 100_000_000, 'and 100 MB unpacked' or diag $open->summary;
    unlike $open->body, qr/[^\0]/, 'of zeros';

    $as->behave(jwks => 'drip:0.02');
    my $text   = $http->get($as->jwks_path);
    my $stream = $http->open(GET => $as->jwks_path);
    my ($start, $pieces, $seen) = (time, 0, 0);
    while (time - $start < 1) {
        $stream->{reader}->fill;
        my $now = length $stream->{reader}->buffer;
        $pieces++ if $now == $seen + 1;
        $seen = $now;
    }
    $stream->close;
    cmp_ok $pieces, '>=', 10, "drip: one byte after the other, $pieces in a second";
    cmp_ok $pieces, '<=', 51, 'and not faster';
    is_deeply $text->json->{keys}, $good, 'the whole of it is right';

    $as->behave(jwks => 'redirect_loop');
    my $loop = curl($as->jwks_uri, '-L', '--max-redirs', 20);
    like $loop->error, qr/maximum .*redirects/i, 'redirect_loop: who follows never arrives';
    $as->behave(jwks => 'redirect_loop');
    like curl($as->jwks_uri, '-L', '--max-redirs', 50)->error, qr/maximum .*redirects/i, 'however patient';
    $as->behave(jwks => 'ok');
};

subtest 'key sets' => sub {
    my @many = @{ behaving('many_keys:10000')->json->{keys} };
    is scalar @many, 10_001, 'many_keys';
    is_deeply $many[0], $good->[0], 'the good one first';
    my %kid = map { $_->{kid} => 1 } @many;
    my %x   = map { $_->{x}   => 1 } @many;
    is keys(%kid) . ' ' . keys %x, '10001 10001', 'all different';
    my $size = length behaving('many_keys')->body;
    cmp_ok $size, '<', 1_048_576, "10,000 by default, $size bytes: a limit on the size lets them in";
    my @first = @{ behaving('many_keys_first:100')->json->{keys} };
    is_deeply [ $first[-1], scalar @first ], [ $good->[0], 101 ], 'many_keys_first: the good one last';

    my %good = map { $_ => 1 } $key->kid;
    my @bad  = @{ behaving('no_usable_keys')->json->{keys} };
    cmp_ok scalar @bad, '>', 4, 'no_usable_keys: there are some';
    is_deeply [ grep { $good{ $_->{kid} } || $_->{kid} !~ /^bad/ } @bad ], [], 'but not the good one';
    my @mixed = @{ behaving('bad_key_among_good')->json->{keys} };
    is_deeply [ grep { $good{ $_->{kid} } } @mixed ], $good, 'bad_key_among_good: it is there';
    like "$mixed[0]{kid} $mixed[-1]{kid}", qr/^bad\S* bad/, 'between bad ones';
    is behaving('many_keys', 'metadata')->status, 500, 'for key sets only';
    ok !eval { $as->behave(jwks => $_); 1 }, "unknown, so the test dies: $_" for 'gzip_bom', 'slow7', '', '5000';
    ok !eval { $as->behave(jwk => 'ok'); 1 }, 'nor is there a jwk';
    is_deeply $http->get($as->jwks_path)->json->{keys}, $good, 'and all is well';
};

subtest 'introspection' => sub {
    is $http->get($as->metadata_path('oauth'))->json->{introspection_endpoint}, $as->introspection_endpoint, 'the metadata names it';
    is $as->introspection_endpoint, $as->url . '/introspect', 'where it is';
    is(MCPTest::AS->start(path => '/t')->introspection_path, '/t/introspect', 'under the path of the issuer');
    my %say = (
        'opaque-1-opaque-1-opaque-1' => { active => \1, scope => 'a b', exp => 4e9 },
        'odd'    => { active => 'true' },
        'list'   => [ { active => \1 } ],
        'a&b=c%' => { active => \1, sub => 'encoded' },
        'slow'   => { active => \1, _delay => 0.4 },
    );
    $as->clear;
    $as->tokens(\%say);
    is_deeply ask('nobody')->json, { active => JSON::PP::false }, 'unknown';
    is_deeply ask('opaque-1-opaque-1-opaque-1')->json, { active => JSON::PP::true, scope => 'a b', exp => 4e9 }, 'what was set';
    like ask('opaque-1-opaque-1-opaque-1')->body, qr/"active":true\b/, 'a JSON true';
    like ask('odd')->body, qr/"active":"true"/, 'a string, when that was set';
    is ref ask('list')->json, 'ARRAY', 'a list as well';
    is ask('a%26b%3Dc%25')->json->{sub}, 'encoded', 'the form is decoded';
    my $start = time;
    is ask('slow')->json->{_delay}, undef, 'the delay is no part of the answer';
    cmp_ok time - $start, '>', 0.35, 'but counts';
    $start = time;
    ask('odd');
    cmp_ok time - $start, '<', 0.3, 'for its token only';
    is_deeply [ map { $as->asked($_) } 'opaque-1-opaque-1-opaque-1', 'odd', 'a&b=c%', 'none' ], [ 2, 2, 1, 0 ], 'counted by token';
    is $as->asked, 8, 'and together';
    is_deeply $as->last_request->{form}, { token => 'odd' }, 'the form is in the record';
    is_deeply [ grep { /opaque-1/ } secrets() ], ['opaque-1-opaque-1-opaque-1'], 'no log may have the token';
    $as->tokens({});
    is_deeply ask('odd')->json, { active => JSON::PP::false }, 'taken back';
    is_deeply [ $as->refusals ], [], 'nothing was refused';

    $as->behave(introspect => 'wrong_issuer:https://x');
    $as->tokens({ t => { active => \1, iss => 'https://right' } });
    is ask('t')->json->{iss}, 'https://x', 'behaviours act on the answer for the token';
    $as->behave(introspect => 'hang');
    is $http->request(POST => '/introspect', $FORM, 'token=t', timeout => 0.3)->error, 'timeout', 'hang';
    $as->behave(introspect => undef);
};

subtest 'forms that are none' => sub {
    $as->clear;
    my %bad  = (
        'another method'  => [ GET  => '/introspect?token=x', [], undef ],
        'another type'    => [ POST => '/introspect', [ 'Content-Type' => 'application/json' ], '{"token":"x"}' ],
        'no type'         => [ POST => '/introspect', [], 'token=x' ],
        'in the query'    => [ POST => '/introspect?token=x', $FORM, 'a=b' ],
        'a query as well' => [ POST => '/introspect?a=b', $FORM, 'token=x' ],
        'no token'        => [ POST => '/introspect', $FORM, 'tok=x' ],
        'an empty token'  => [ POST => '/introspect', $FORM, 'token=' ],
        'no body'         => [ POST => '/introspect', $FORM, '' ],
        'twice'           => [ POST => '/introspect', $FORM, 'token=x&token=x' ],
        'a bare percent'  => [ POST => '/introspect', $FORM, 'token=x%' ],
        'a blank'         => [ POST => '/introspect', $FORM, 'token=x y' ],
        'a bare slash'    => [ POST => '/introspect', $FORM, 'token=x/y' ],
        'a bare equals'   => [ POST => '/introspect', $FORM, 'token=x==' ],
        'an empty pair'   => [ POST => '/introspect', $FORM, 'token=x&' ],
        'a line end'      => [ POST => '/introspect', $FORM, "token=x\n" ],
    );
    for my $name (sort keys %bad) {
        is $http->request(@{ $bad{$name} })->status, 400, $name;
    }
    my @why = $as->refusals;
    is scalar @why, scalar keys %bad, 'each with a reason';
    is_deeply [ grep { /^\s*$/ || / at \S+ line / } @why ], [], 'in words';
};

# The status for each case; the reasons must be different faults' own, so each is checked against a pattern.
sub refused_as ($want, $name, @ask) {
    my $status = ask('t', @ask)->status;
    my $why    = $as->last_request->{refused};
    return is $status, 200, $name if !defined $want;
    subtest $name => sub {
        is $status, 401, 'refused';
        like $why, $want, 'for the right reason';
    };
    return;
}
sub basic ($text) { return [ Authorization => 'Basic ' . encode_base64($text, '') ] }

subtest 'basic' => sub {
    my ($id, $secret) = ('my client:1', 'se/cret+%&= and long enough');
    $as->tokens({ t => { active => \1 } });
    $as->client(id => $id, secret => $secret, method => 'basic');
    ok scalar(grep { $_ eq $secret } secrets()), 'no log may have the secret';
    my ($user, $pass) = ('my+client%3A1', 'se%2Fcret%2B%25%26%3D+and+long+enough');
    refused_as(undef, 'right', basic("$user:$pass"));
    refused_as(undef, 'a blank as %20', basic("my%20client%3A1:$pass"));
    refused_as(undef, 'its client_id in the form', basic("$user:$pass"), 'client_id=my+client%3A1');
    refused_as(qr/^0 ways/, 'nothing', []);
    refused_as(qr/id is/, 'another id', basic("other:$pass"));
    refused_as(qr/secret/, 'another secret', basic("$user:${pass}x"));
    refused_as(qr/secret/, 'no secret', basic("$user:"));
    refused_as(qr/colon/, 'no colon', basic($user));
    refused_as(qr/not form-encoded/, 'not form-encoded', basic("$user:$secret"));
    refused_as(qr/colon|form-encoded/, 'the id neither', basic("$id:$pass"));
    refused_as(qr/no Basic/, 'another scheme', [ Authorization => 'Bearer x' ]);
    refused_as(qr/base64/, 'not base64', [ Authorization => 'Basic QQ' ]);
    refused_as(qr/^2 ways/, 'post as well', basic("$user:$pass"), 'client_id=my+client%3A1', "client_secret=$pass");
    refused_as(qr/^2 ways/, 'twice', [ @{ basic("$user:$pass") }, @{ basic("$user:$pass") } ]);
    refused_as(qr/no Basic/, 'post instead', [], 'client_id=my+client%3A1', "client_secret=$pass");
    refused_as(qr/client_id is/, 'another client_id', basic("$user:$pass"), 'client_id=other');
    my $res = ask('t');
    is $res->json->{error} . ' ' . $res->header('WWW-Authenticate'), 'invalid_client Basic realm="introspection"', 'RFC 6749 5.2';
    $as->behave(introspect => '500');
    is ask('t')->status, 401, 'a behaviour is for the client only';
    is ask('t', basic("$user:$pass"))->status, 500, 'which sees it';
    $as->behave(introspect => undef);
};

subtest 'post' => sub {
    $as->client(id => 'i d', secret => 's&t', method => 'post');
    refused_as(undef, 'right', [], 'client_id=i+d', 'client_secret=s%26t');
    refused_as(qr/^0 ways/, 'nothing', []);
    refused_as(qr/no client_id/, 'no id', [], 'client_secret=s%26t');
    refused_as(qr/client_id is/, 'another id', [], 'client_id=x', 'client_secret=s%26t');
    refused_as(qr/secret/, 'another secret', [], 'client_id=i+d', 'client_secret=s');
    refused_as(qr/^2 ways/, 'basic as well', basic('i+d:s%26t'), 'client_id=i+d', 'client_secret=s%26t');
    refused_as(qr/no client_id|secret/, 'basic instead', basic('i+d:s%26t'));
};

subtest 'private_key_jwt' => sub {
    my $type = 'client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer';
    for my $kind (qw(P-256 RSA-2048)) {
        my $own = MCPTest::Key->get($kind, 'client');
        my $jwt = MCPTest::JWT->new(key => $own, iss => 'mcp', sub => 'mcp', aud => $as->issuer);
        my $now = time;
        my $try = sub ($want, $name, %arg) {
            my $more  = delete $arg{more}  // [];
            my $token = delete $arg{token} // $jwt->mint(exp => $now + 60, %arg);
            refused_as($want, "$kind: $name", [], "client_assertion=$token", @$more ? @$more : $type);
        };
        $as->client(id => 'mcp', key => $own, method => 'private_key_jwt');
        $try->(undef, 'right');
        $try->(undef, 'with its client_id', more => [ $type, 'client_id=mcp' ]);
        $try->(qr/client_id is/, 'another client_id', more => [ $type, 'client_id=other' ]);
        $try->(qr/assertion type/, 'no type', more => ['x=y']);
        $try->(qr/assertion type/, 'another type', more => ['client_assertion_type=x']);
        $try->(qr/signature/, 'another key', _key => MCPTest::Key->get($kind, 'other'));
        $try->(qr/signature/, 'another signature', _signature => 'x' x 64);
        $try->(qr/signature/, 'HS256 by the public key', _key => { hmac => $own->public_pem });
        $try->(qr/not a signed/, 'alg none', _alg => 'none');
        $try->(qr/not a signed/, 'no JWT', token => 'x');
        $try->(qr/iss is other/, 'another iss', iss => 'other');
        $try->(qr/sub is other/, 'another sub', sub => 'other');
        $try->(qr/iss is missing/, 'no iss', without => ['iss']);
        $try->(qr/aud is https:/, 'another aud', aud => 'https://other.example');
        $try->(qr/aud is/, 'the endpoint', aud => $as->introspection_endpoint);
        $try->(qr/aud is/, 'one more aud', aud => [ $as->issuer, 'https://other.example' ]);
        $try->(qr/aud is/, 'no aud', without => ['aud']);
        $try->(qr/expired/, 'expired', exp => int $now - 1);
        $try->(qr/number/, 'no exp', without => ['exp']);
        $try->(qr/number/, 'exp as words', exp => 'tomorrow');
        $try->(qr/too long/, 'for a day', exp => int $now + 86_400);
        $try->(qr/future/, 'iat to come', iat => int $now + 100);
        $try->(qr/future/, 'nbf to come', nbf => int $now + 100);
        $try->(qr/no jti/, 'no jti', without => ['jti']);
        my $once = $jwt->mint(exp => int $now + 60);
        $try->(undef, 'once', token => $once);
        $try->(qr/seen before/, 'the same again', token => $once);
        $try->(qr/seen before/, 'the same jti again', jti => (MCPTest::JWT::decode($once))[1]{jti});
        $as->client(id => 'mcp', key => $own, method => 'private_key_jwt', aud => ['https://named']);
        $try->(qr/aud is/, 'not the issuer when others are named', aud => $as->issuer);
        $try->(undef, 'but those', aud => 'https://named');
    }
    refused_as(qr/^0 ways/, 'nothing', []);
    $as->client;
    refused_as(undef, 'anybody', []);
};

subtest 'at the same time' => sub {
    $as->tokens({ slow => { active => \1, _delay => 0.6 }, quick => { active => \1 } });
    $as->clear;
    ask('quick') for 1 .. 5;
    is $as->peak('/introspect'), 1, 'one after the other';
    my $ask_many = sub ($n) {
        my @pids = map {
            my $pid = fork() // die "fork: $!";
            if (!$pid) { ask('slow'); POSIX::_exit(0) }
            $pid;
        } 1 .. $n;
        waitpid $_, 0 for @pids;
    };
    $ask_many->(7);
    is $as->peak('/introspect'), 7, 'seven together';
    $ask_many->(3);
    is $as->peak('/introspect'), 7, 'the most so far';
    is $as->peak($as->jwks_path), 0, 'of this path';
    $as->clear;
    is $as->peak('/introspect') . $as->asked, '00', 'cleared';
    $ask_many->(3);
    is $as->peak('/introspect'), 3, 'and counted anew';

    $as->behave(introspect => 'hang');
    $as->clear;
    my @stream = map { $http->open(POST => '/introspect', $FORM, 'token=x', timeout => 0.1) } 1 .. 4;
    ok wait_until(3, sub { $as->peak('/introspect') == 4 }), 'those that hang count';
    $_->close for @stream;
    ok wait_until(3, sub { $as->clear; $as->peak('/introspect') == 0 }), 'until their clients have gone';
    @stream = map { $http->open(POST => '/introspect', $FORM, 'token=x', timeout => 0.1) } 1 .. 4;
    $as->down;
    $as->up;
    $as->clear;
    $as->behave(introspect => undef);
    ask('quick');
    is $as->peak('/introspect'), 1, 'what a crash has ended does not count';
};

subtest 'TLS' => sub {
    my %refused = (
        expired     => qr/certificate has expired/,
        self_signed => qr/self.signed certificate/,
        unknown_ca  => qr/unable to get local issuer/,
        wrong_name  => qr/does not match|no alternative certificate subject name/,
    );
    is_deeply [ MCPTest::TLS::kinds() ], [ sort 'good', keys %refused ], 'every kind has its case';
    for my $kind (MCPTest::TLS::kinds()) {
        my $server = MCPTest::AS->start(tls => $kind, keys => [$key], path => '/t');
        my @trust  = ('--cacert', $server->ca_file);
        my $get    = sub ($form, @args) { curl($server->url . $server->metadata_path($form), @args) };
        like $server->issuer, qr{^https://127\.0\.0\.1:\d+/t\z}, "$kind: https";
        my $open = $get->('oauth', '-k');
        is $open->status, 200, "$kind: there is something to refuse" or diag $open->summary;
        is $open->json->{issuer}, $server->issuer, "$kind: its issuer is where it is";
        like $open->json->{jwks_uri}, qr{^\Q@{[ $server->issuer ]}\E/jwks\z}, "$kind: so are its keys";
        $server->clear;
        my $res = $get->('oidc_insert', @trust);
        if (my $why = $refused{$kind}) {
            is $res->status, 0, "$kind: refused";
            like $res->error, $why, "$kind: for that alone";
            is $server->count, 0, "$kind: nothing was asked";
            next;
        }
        is $res->json->{issuer}, $server->issuer, 'good: trusted';
        is $get->('oauth')->status, 0, 'but not by everybody';
        $server->tokens({ t => { active => \1 } });
        $server->client(id => 'i', secret => 's', method => 'basic');
        is curl($server->introspection_endpoint, @trust, '-d', 'token=t', '-u', 'i:s')->json->{active}, 1, 'introspection over TLS';
        is $server->last_request->{form}{token}, 't', 'is recorded';
        $server->behave(metadata => 'slow:0.3');
        my $start = time;
        is $get->('oauth', @trust)->status, 200, 'behaves over TLS';
        cmp_ok time - $start, '>', 0.29, 'as told';
        $server->down;
        like $get->('oauth', @trust)->error, qr/connect/i, 'down: refused';
        $server->up;
        is $get->('oauth', @trust)->json->{issuer}, $server->issuer, 'up on the same port';
        my $url = $server->jwks_uri;
        undef $server;
        like curl($url, @trust)->error, qr/connect/i, 'ends with its object';
    }
    my $name = MCPTest::TLS::files('localhost', 'wrong_name')->{cert};
    is run([ 'openssl', 'verify', '-CAfile', MCPTest::TLS::files()->{ca}, $name ])->{exit}, 0, 'wrong_name: all else is right';
    ok !eval { MCPTest::AS->start(tls => 'godo'); 1 }, 'no such kind';
};

done_testing;
