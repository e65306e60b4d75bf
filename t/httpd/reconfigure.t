#!/usr/bin/perl
# W-14. A graceful restart with another configuration: what counted under the one before counts no more, neither in shared memory nor in the
# directory of MCPStateDir.

use v5.36;
use Test::More;
use MCPTest::AS;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util qw(tempdir wait_until);

my ($one, $two) = (MCPTest::Key->get('P-256'), MCPTest::Key->get('P-256', 2));
my ($as, $other) = map { MCPTest::AS->start(keys => [$_]) } $one, $two;
my $issuer = 'https://auth.example.com';
my $state  = tempdir();
if (!$<) {
    my ($user) = grep { defined getpwnam $_ } qw(www-data apache nobody);
    chown((getpwnam $user)[ 2, 3 ], $state);
}

sub keys_at ($keys, $url = $issuer, $more = '') { return "<MCPIssuer \"$url\">\n    MCPKeys $keys\n    $more\n</MCPIssuer>\n" }

my $httpd = MCPTest::Httpd->start(
    files => { 'conf/issuers.conf' => keys_at($as->jwks_uri), 'conf/place.conf' => 'Require mcp-scope a', 'conf/two.json' => MCPTest::Key::jwks($two), 'htdocs/mcp/x' => 'x' },
    conf  => <<"END");
MCPStateDir $state
Include \@ROOT\@/conf/issuers.conf
<Location "/mcp">
    AuthType MCP
    MCPResource https://mcp.example/mcp
    Include \@ROOT\@/conf/place.conf
</Location>
END
my $jwt    = MCPTest::JWT->new(iss => $issuer, aud => 'https://mcp.example/mcp', scope => 'a');
my @tokens = map { $jwt->mint(_key => $_) } $one, $two;
my $http   = MCPTest::HTTP->new($httpd->url);

sub get ($token) { return $http->get('/mcp/x', Authorization => "Bearer $token")->status }
sub statuses () { return join ' ', map { get($_) } @tokens }

# Restarts with other files and waits until the new configuration has its keys.
sub change ($what, $want, %files) {
    $httpd->write_file("conf/$_.conf", $files{$_}) for sort keys %files;
    ok $httpd->graceful, "$what: a restart";
    ok wait_until(5, sub { statuses() eq $want }), "W-14 $what: $want" or diag statuses();
    is_deeply [ grep { $_ ne $want } map { statuses() } 1 .. 4 ], [], "W-14 $what: in all processes";
    return;
}

ok wait_until(5, sub { statuses() eq '200 401' }), 'the keys are there';
change('keys at another address', '401 200', issuers => keys_at($other->jwks_uri));
change('at one where there are none', '503 503', issuers => keys_at('http://127.0.0.1:9/none'));
change('in a file', '401 200', issuers => keys_at('file:@ROOT@/conf/two.json'));
change('another algorithm', '401 401', issuers => keys_at('file:@ROOT@/conf/two.json', $issuer, 'MCPAlgorithms RS256'));
change('another issuer', '401 401', issuers => keys_at('file:@ROOT@/conf/two.json', "$issuer/"));
change('the first again', '200 401', issuers => keys_at($as->jwks_uri));
change('another resource', '401 401', place => "MCPResource https://mcp.example/other\nRequire mcp-scope a");
change('another rule', '403 401', place => 'Require mcp-scope b');

done_testing;
