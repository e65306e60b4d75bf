# The harness itself: raw client, echo backends, fake authorization server.
use v5.36;
use Digest::SHA 'sha256_hex';
use MCPTest::AS;
use MCPTest::Backend;
use MCPTest::HTTP;
use MCPTest::Key;
use MCPTest::Util qw(json_text wait_until);
use Test::More;
use Time::HiRes 'time';

my $backend = MCPTest::Backend->start(routes => { '/sub' => sub ($req) { { status => 418, body => $req->{method} } } });
my $http    = MCPTest::HTTP->new($backend->url);

subtest 'client and echo' => sub {
    my $res = $http->request(POST => '/a?b=c', [ 'X-Two' => 'one', 'x-two' => 'two', Empty => '' ], "h\xe9llo");
    is $res->status, 200, 'status' or diag $res->summary;
    my $seen = $res->json;
    is_deeply [ $backend->seen('X-Two') ], [ 'one', 'two' ], 'duplicates in order';
    is_deeply [ map { $_->[0] } grep { $_->[0] =~ /two/i } @{ $seen->{headers} } ], [ 'X-Two', 'x-two' ], 'names as sent';
    is $seen->{sha256}, sha256_hex("h\xe9llo"), 'digest of the body';
    is $seen->{body}, "h\xe9llo", 'bytes of the body survive JSON';
    is "$seen->{method} $seen->{path} $seen->{query} $seen->{body_length}", 'POST /a b=c 5', 'request line';
    is_deeply $backend->last_request, $seen, 'the record is what was answered';
    is $backend->count('/a'), 1, 'counted';
    is $backend->count('/b'), 0, 'counted by path';
};

subtest 'ways to send' => sub {
    my @res = $http->pipeline([ GET => '/1', [] ], [ POST => '/2', [], 'two' ], [ HEAD => '/3', [] ], [ GET => '/4', [] ]);
    is_deeply [ map { $_->status } @res ], [ 200, 200, 200, 200 ], 'pipelined';
    is $res[1]->json->{body}, 'two', 'second body';
    is $res[2]->body, '', 'HEAD has no body';
    is $res[3]->json->{path}, '/4', 'in order';
    my $res = $http->request(POST => '/continue', [], 'late', expect => 1);
    is_deeply [ map { $_->status } $res->interim ], [100], '100 seen';
    is $res->json->{body}, 'late', 'body after the 100';
    $res = $http->request(POST => '/chunked', [], undef, chunked => [ 'ab', 'cde' ]);
    is $res->json->{body}, 'abcde', 'chunked request';
    is $http->request(GET => '/k', [], undef, keep => 1)->status, 200, 'kept connection';
    is $http->request(GET => '/k', [], undef, keep => 1)->status, 200, 'used again';
    $http->close;
    is $http->raw("GET /raw HTTP/1.1\r\nX: y\r\n\r\n")->json->{path}, '/raw', 'raw bytes';
    is $http->raw("GARBAGE\r\n\r\n")->status, 0, 'no answer is status 0';
    is(MCPTest::HTTP->new(1)->get('/')->status, 0, 'nor a refused connection');
};

subtest 'scripted replies' => sub {
    $backend->reply('/no' => { status => 403, headers => [ [ 'WWW-Authenticate', 'Bearer a="1"' ], [ 'WWW-Authenticate', 'DPoP' ] ], body => 'x' });
    my $res = $http->get('/no');
    is_deeply [ $res->status, $res->headers('www-authenticate') ], [ 403, 'Bearer a="1"', 'DPoP' ], 'by path, fields doubled';
    is $res->header('WWW-Authenticate'), 'Bearer a="1", DPoP', 'joined as browsers do';
    $backend->reply('/no' => undef);
    is $http->get('/no')->status, 200, 'taken back';
    is $http->get('/sub')->status, 418, 'by a sub';
    is $http->get('/x', 'X-Reply' => json_text({ status => 202, body => '' }))->status, 202, 'by X-Reply';
    $res = $http->get('/x', 'X-Reply' => json_text({ interim => [ [ 103, [ [ 'Link', '</a>' ] ] ] ], chunks => [ 'a', 'b' ], trailers => [ [ 'T', '1' ] ] }));
    is_deeply [ ($res->interim)[0]->headers('Link') ], ['</a>'], '103 seen';
    is $res->body, 'ab', 'chunked response';
    is_deeply [ $res->trailers ], [ [ 'T', '1' ] ], 'trailer';
    is $http->get('/x', 'X-Reply' => json_text({ cut => 1, body => 'abc' }))->error, 'eof', 'cut response is noticed';
    is $http->get('/x', 'X-Reply' => json_text({ reset => 1 }))->status, 0, 'reset';
    is $http->request(GET => '/x', [ 'X-Reply' => json_text({ hang => 1 }) ], undef, timeout => 0.3)->error, 'timeout', 'hang';
    my $stream = $http->open(GET => '/s', [ 'X-Reply' => json_text({ sse => [ 'one', 'two' ], sse_delay => 0.5 }) ]);
    is $stream->response->header('Content-Type'), 'text/event-stream', 'stream head';
    my $start = time;
    ok $stream->read_until(qr/one/), 'first event';
    unlike $stream->read_until(qr/one/), qr/two/, 'before the second';
    ok $stream->read_until(qr/two/), 'second event';
    cmp_ok time - $start, '>', 0.3, 'dripped';
};

subtest 'authorization server' => sub {
    my $key = MCPTest::Key->get('P-256');
    my $as  = MCPTest::AS->start(path => '/tenant', keys => [$key], metadata => { registration_endpoint => undef, extra => 'x' });
    my $to  = MCPTest::HTTP->new($as->url);
    for my $form (qw(oauth oidc_insert oidc_append)) {
        my $doc = $to->get($as->metadata_path($form))->json;
        is $doc->{issuer}, $as->issuer, "$form: issuer";
        is "$doc->{extra}-" . exists $doc->{registration_endpoint}, 'x-', "$form: metadata overridden";
    }
    is $as->metadata_path('oidc_append'), '/tenant/.well-known/openid-configuration', 'appended form';
    is_deeply $to->get($as->jwks_path)->json, { keys => [ $key->jwk ] }, 'key set';
    is_deeply [ $as->metadata_count, $as->count($as->jwks_path) ], [ 3, 1 ], 'counts';
    $as->forms('oauth');
    is $to->get($as->metadata_path('oidc_insert'))->status, 404, 'form switched off';
    $as->keys(MCPTest::Key->get('Ed25519'), { kty => 'odd' });
    is $to->get($as->jwks_path)->json->{keys}[1]{kty}, 'odd', 'new key set';
    my %see = (
        500          => sub ($r) { $r->status == 500 },
        html         => sub ($r) { $r->body =~ /<html>/ && $r->header('Content-Type') eq 'text/html' },
        cut          => sub ($r) { $r->status == 200 && !$r->json },
        cut_short    => sub ($r) { $r->error eq 'eof' },
        'redirect:/o' => sub ($r) { $r->status == 302 && $r->header('Location') eq '/o' },
        wrong_issuer => sub ($r) { $r->json->{issuer} eq 'https://evil.example' },
        duplicate    => sub ($r) { (() = $r->body =~ /"issuer"/g) == 2 },
        'huge:90000' => sub ($r) { length $r->body > 90000 },
        'deep:500'   => sub ($r) { $r->body eq '[' x 500 },
        reset        => sub ($r) { $r->status == 0 },
        array        => sub ($r) { ref $r->json eq 'ARRAY' },
        not_json     => sub ($r) { !$r->json },
        empty_object => sub ($r) { !%{ $r->json } },
        ok           => sub ($r) { $r->json->{issuer} eq $as->issuer },
    );
    for my $how (sort keys %see) {
        $as->behave(metadata => $how);
        ok $see{$how}->($to->get($as->metadata_path('oauth'))), "behaves: $how";
    }
    $as->behave(metadata => 'slow:0.4');
    my $start = time;
    is $to->get($as->metadata_path('oauth'))->status, 200, 'slow answers';
    cmp_ok time - $start, '>', 0.35, 'slowly';
    $as->behave(jwks => 'endless');
    my $endless = $to->open(GET => $as->jwks_path);
    ok $endless->read_until(qr{\A(?:.{50000}){20}}s), 'endless';
    $endless->close;
    $to->request(POST => '/_control', [], json_text({ behave => { jwks => '503' } }));
    is $to->get($as->jwks_path)->status, 503, 'switched by the control path';
    $as->reply('/introspect' => { json => { active => 1 } });
    is $to->request(POST => '/introspect', [], 'token=x')->json->{active}, 1, 'fixed reply';
    $as->down;
    is $to->get($as->jwks_path)->status, 0, 'down';
    $as->up;
    is $to->get($as->jwks_path)->status, 503, 'up again, state kept';
};

subtest 'servers end with their object' => sub {
    my $short = MCPTest::Backend->start;
    my ($port, $pid) = ($short->port, $short->{pid});
    is(MCPTest::HTTP->new($port)->get('/')->status, 200, 'alive');
    undef $short;
    is(MCPTest::HTTP->new($port)->get('/')->status, 0, 'gone');
    pipe my $from, my $to or die $!;
    my $test = fork() // die $!;
    if (!$test) {    # a test process that dies without its destructors
        my $orphan = MCPTest::Backend->start;
        syswrite $to, $orphan->port . "\n";
        kill KILL => $$;
    }
    waitpid $test, 0;
    chomp($port = readline $from);
    ok wait_until(5, sub { MCPTest::HTTP->new($port)->get('/')->status == 0 }), 'gone when the test was killed';
};

done_testing;
