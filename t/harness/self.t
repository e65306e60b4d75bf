# The harness itself: a private httpd in every MPM, without the project's module.
use v5.36;
use MCPTest::Backend;
use MCPTest::Curl qw(curl curl_has);
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::TLS;
use MCPTest::Util qw(json_text wait_until);
use Test::More;

my $backend = MCPTest::Backend->start;
my %conf    = (
    module  => 0,
    vars    => { BACKEND => $backend->url },
    conf    => <<~'END',
        ProxyPass /mcp @BACKEND@/mcp
        SetEnv FROM_CONF @PORT@
        Listen 127.0.0.1:@PORT2@
        PassEnv FROM_ENV
        END
    env   => { FROM_ENV => 'env' },
    files => {
        'htdocs/a.html'           => 'hello',
        'htdocs/echo.cgi'         => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n%s %s %s' \"\$FROM_CONF\" \"\$FROM_ENV\" \"\$(id -u)\"\n",
        'htdocs/closed/.htaccess' => "Require all denied\n",
        'htdocs/closed/b.html'    => 'secret',
    },
);

for my $mpm (qw(event worker prefork)) {
    subtest $mpm => sub {
        my $httpd = MCPTest::Httpd->start(%conf, mpm => $mpm);
        my $http  = MCPTest::HTTP->new($httpd->url);
        like $httpd->error_log, qr/AH00\d+: Apache/, 'error log';
        is $http->get('/a.html')->body, 'hello', 'a file';
        is $http->get('/closed/b.html')->status, 403, '.htaccess';
        my ($port, $env, $uid) = split / /, $http->get('/echo.cgi')->body;
        is "$port $env", $httpd->port . ' env', 'CGI, placeholder and environment';
        ok $< ? $uid == $< : $uid != 0, 'children are not root';
        is(MCPTest::HTTP->new($httpd->port(2))->get('/a.html')->status, 200, 'second port');
        my $res = $http->request(POST => '/mcp/x', [ Dup => 1, Dup => 2 ], 'body');
        is_deeply [ $res->status, $res->json->{body}, [ $backend->seen('Dup') ] ], [ 200, 'body', [ '1, 2' ] ], 'through the proxy (httpd joins fields)';
        $res = $http->request(POST => '/mcp/x', [], 'later', expect => 1);
        is_deeply [ $res->status, map { $_->status } $res->interim ], [ 200, 100 ], '100-continue through httpd';
        my @res = $http->pipeline([ GET => '/a.html' ], [ GET => '/none' ], [ GET => '/a.html' ]);
        is_deeply [ map { $_->status } @res ], [ 200, 404, 200 ], 'pipelined';
        $httpd->mark;
        is $httpd->access_log, '', 'mark';
        ok $httpd->graceful, 'graceful';
        is $http->get('/a.html')->status, 200, 'serves after it';
        ok $httpd->wait_log(qr/a\.html/, 5, 'access_log'), 'access log since the mark';
        is_deeply [ $httpd->stop ], [], 'no trouble';
        is $http->get('/a.html')->status, 0, 'stopped';
    };
}

subtest 'gateways' => sub {
    my %peer  = map { $_ => MCPTest::Backend->start(proto => $_) } qw(fcgi scgi uwsgi);
    my $httpd = MCPTest::Httpd->start(
        module => 0, modules => [ map { "proxy_$_" } keys %peer ],
        conf   => join('', map { "ProxyPass /$_ \@\U$_\E@\n" } keys %peer),
        vars   => { map { (uc $_, $peer{$_}->url . '/') } keys %peer },
    );
    my $http = MCPTest::HTTP->new($httpd->url);
    for my $proto (sort keys %peer) {
        my $res  = $http->request(POST => "/$proto/a?q=1", [ 'X-Thing' => 'long ' x 100, 'X-Empty' => '' ], 'x' x 70000);
        my $seen = $res->json // {};
        is $res->status, 200, $proto or diag $res->summary;
        is $seen->{params}{HTTP_X_THING}, ('long ' x 100) =~ s/ \z//r, "$proto: variable";
        is "$seen->{method} $seen->{query} $seen->{body_length}", 'POST q=1 70000', "$proto: request and body";
        is $peer{$proto}->count, 1, "$proto: recorded";
        $res = $http->get("/$proto/b", 'X-Reply' => json_text({ status => 403, headers => [ [ 'WWW-Authenticate', 'Bearer x="y"' ] ], body => 'no' }));
        is_deeply [ $res->status, $res->header('WWW-Authenticate'), $res->body ], [ 403, 'Bearer x="y"', 'no' ], "$proto: scripted";
    }
};

subtest 'TLS and HTTP/2' => sub {
    my $httpd = MCPTest::Httpd->start(module => 0, tls => 1, files => { 'htdocs/a.html' => 'over TLS' }, conf => <<~'END');
        Listen 127.0.0.1:@PORT2@ https
        <VirtualHost 127.0.0.1:@PORT2@>
        @TLS@
        </VirtualHost>
        END
    my $url = 'https://localhost:' . $httpd->port(2) . '/a.html';
    my $res = curl($url, '--cacert', MCPTest::TLS::files()->{ca}, '--http1.1');
    is_deeply [ $res->status, $res->version, $res->body ], [ 200, 'HTTP/1.1', 'over TLS' ], 'HTTP/1.1' or diag $res->summary;
    is curl($url)->status, 0, 'an unknown CA is refused';
    SKIP: {
        skip 'this curl has no HTTP/2', 1 if !curl_has('HTTP2');
        $res = curl($url, '--cacert', MCPTest::TLS::files()->{ca}, '--http2', '-H', 'X-A: 1');
        is_deeply [ $res->status, $res->version, $res->header('content-length') ], [ 200, 'HTTP/2', 8 ], 'HTTP/2' or diag $res->summary;
    }
};

subtest 'configuration test' => sub {
    my ($ok, $said) = MCPTest::Httpd->config_test('SetEnv A b', module => 0);
    ok $ok, 'good lines' or diag $said;
    ($ok, $said) = MCPTest::Httpd->config_test('NoSuchDirective on', module => 0);
    ok !$ok, 'bad line';
    like $said, qr/Invalid command 'NoSuchDirective'/, 'with the reason';
    ok !eval { MCPTest::Httpd->config_test('A @NOBODY@', module => 0); 1 }, 'unknown placeholder';
    ok !eval { MCPTest::Httpd->start(conf => 'NoSuchDirective on', module => 0); 1 }, 'start dies of it';
    like $@, qr/NoSuchDirective/, 'saying why';
};

subtest 'trouble is noticed' => sub {
    my $httpd = MCPTest::Httpd->start(module => 0, quiet => 1, mpm => 'prefork');
    kill KILL => $httpd->pid;
    ok wait_until(5, sub { MCPTest::HTTP->new($httpd->url)->get('/')->status == 0 || $httpd->_died }), 'server killed';
    like join(' ', $httpd->stop), qr/died by itself/, 'a dead server is reported';

    $httpd = MCPTest::Httpd->start(module => 0, quiet => 1, mpm => 'prefork');
    my ($child) = grep { $_ } map { /^(\d+)/ } split /\n/, qx(ps -o pid= --ppid @{[ $httpd->pid ]} | tr -d ' ');
    kill SEGV => $child;
    ok $httpd->wait_log(qr/exit signal/), 'child crashed';
    like join(' ', $httpd->stop), qr/exit signal Segmentation/, 'a crashed child is reported';

    my $failing = 'use v5.36; use Test::More; use MCPTest::Httpd; my $h = MCPTest::Httpd->start(module => 0);'
        . 'kill KILL => $h->pid; select undef, undef, undef, 0.3; ok 1; %s done_testing;';
    for my $case ([ 'in its scope', 'undef $h;' ], [ 'at exit', '' ]) {
        my $out = MCPTest::Util::run([ $^X, (map { "-I$_" } @INC), '-e', sprintf $failing, $case->[1] ]);
        isnt $out->{exit}, 0, "a test fails when its server died, found $case->[0]";
        like $out->{out}, qr/^not ok .*healthy/m, 'and says so';
    }
};

subtest 'a killed test leaves no server' => sub {
    my $out = MCPTest::Util::run([ $^X, (map { "-I$_" } @INC), '-e',
        'use v5.36; use MCPTest::Httpd; my $h = MCPTest::Httpd->start(module => 0); $| = 1; print $h->port; kill KILL => $$' ]);
    like $out->{out}, qr/^\d+\z/, 'it was up';
    ok wait_until(10, sub { MCPTest::HTTP->new($out->{out})->get('/')->status == 0 }), 'and is gone';
};

done_testing;
