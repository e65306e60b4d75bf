package Soak::AS;
# An authorization server that knows every opaque token from its text, so that clients need not tell it of each, and remembers no
# requests.
#
#   my $token = Soak::AS::opaque(scope => 'use', aud => '...', exp => time + 60, revoked => time + 5);

use v5.36;
use parent 'MCPTest::AS';
use MCPTest::AS::Client 'form_of';
use MCPTest::B64 qw(b64url unb64url);
use MCPTest::Util qw(json_data json_text);

my $MARK = 'soak-opaque-';

sub opaque (%says) { return $MARK . b64url(json_text(\%says)) }

sub says ($token) {
    my $claims = $token =~ s/\A$MARK// ? eval { json_data(unb64url($token)) } : undef;
    return { active => \0 } if !$claims || time >= ($claims->{revoked} // 9e9);
    return { active => \1, token_type => 'Bearer', %$claims };
}

sub record ($self, $request) { return }

sub _introspection ($self, $state, $request) {
    my $form = eval { form_of($request) };
    $state->{tokens} = { $form->{token} => says($form->{token}) } if $form;
    return $self->SUPER::_introspection($state, $request);
}

package Soak::Backend;
# A backend that answers with what it got, or with ?size=N bytes, and keeps a list of what should never have reached it: requests
# that say so themselves (X-Soak: never), tokens, an identity that is not the one the request says (X-Soak-Subject).
#
#   my @lines = $backend->intruders;

use v5.36;
use parent -norequire, 'MCPTest::Backend';
use MCPTest::Backend;
use MCPTest::HTTP::Serve 'header_of';
use MCPTest::Util 'slurp';

sub record ($self, $request) {
    my @wrong;
    push @wrong, 'it was to be refused' if (header_of($request, 'X-Soak') // '') eq 'never';
    push @wrong, 'its token came along' if $request->{path} ne '/none' && defined header_of($request, 'Authorization');
    my ($want, $got) = map { header_of($request, $_) // '' } qw(X-Soak-Subject X-MCP-Subject);
    push @wrong, "subject '$got' for '$want'" if $got ne $want;
    return if !@wrong;
    open my $file, '>>', "$self->{dir}/intruders" or die "intruders: $!";
    syswrite $file, "$request->{method} $request->{target} @{[ header_of($request, 'X-Soak-Kind') // '' ]}: " . join(', ', @wrong) . "\n";
    close $file;
    return;
}

sub answer ($self, $request) {
    my ($size) = ($request->{query} // '') =~ /\bsize=(\d+)/ or return $self->SUPER::answer($request);
    return { body => 'x' x $size };
}

sub intruders ($self) {
    my $file = "$self->{dir}/intruders";
    return -e $file ? split /\n/, slurp($file) : ();
}

1;
