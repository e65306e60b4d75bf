# Some 700 tokens that no resource server may let in, each sent for real. The bench sends the same to others (PART=hostile).

use v5.36;
use Test::More;
use MCPTest::Hostile;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::Key;

my %site  = (iss => 'https://auth.example.com', aud => 'https://mcp.example.com/mcp', scope => 'files:read', rsa => MCPTest::Key->get('RSA-2048'), ec => MCPTest::Key->get('P-256'));
my $httpd = MCPTest::Httpd->start(files => { 'conf/keys.json' => MCPTest::Key::jwks(@site{qw(rsa ec)}), 'htdocs/mcp' => 'in' }, log_level => 'warn', conf => <<"END");
<MCPIssuer "$site{iss}">
    MCPKeys file:\@ROOT\@/conf/keys.json
</MCPIssuer>
<Location "/mcp">
    AuthType MCP
    MCPResource $site{aud}
    Require mcp-scope $site{scope}
</Location>
END
my $site = MCPTest::Hostile->new(%site);

sub answer ($token) { return MCPTest::HTTP->new($httpd->url)->get('/mcp', Authorization => "Bearer $token") }

for ($site->good) {
    my ($name, $token) = @$_;
    is answer($token)->body, 'in', "good: $name";
}
for ($site->tokens) {
    my ($group, $name, $token) = @$_;
    my $res  = answer($token);
    my $want = $group eq 'scope' ? qr/40[13]/ : qr/40[01]/;
    ok $res->status =~ /^$want\z/ && ($res->header('WWW-Authenticate') // '') =~ /^Bearer /, "$group: $name" or diag $res->status, ' ', $token;
}
done_testing;
