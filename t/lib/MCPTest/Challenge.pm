package MCPTest::Challenge;
# WWW-Authenticate read strictly (RFC 9110 11.6.1, 5.6), and what the weakest clients ask of it (complaints).
#
#   my @challenges = challenges($res->headers('WWW-Authenticate'));   # dies when a field is not well-formed
#     each {scheme, token68, params => [[name, value, quoted], ...], param => {lower-case name => value}}
#   my $bearer = bearer($res->headers('WWW-Authenticate'));           # the first Bearer challenge, or undef
#   is_deeply [complaints($res->headers('WWW-Authenticate'))], [];    # DESIGN.md 1 and INTEROP.md

use v5.36;
use Exporter 'import';

our @EXPORT_OK = qw(challenges bearer complaints);

my $TOKEN  = qr/[!#\$%&'*+\-.^_`|~0-9A-Za-z]+/;
my $QUOTED = qr/"((?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*)"/;

sub challenges (@fields) { return map { _field($_) } @fields }

sub bearer (@fields) {
    my ($first) = grep { lc $_->{scheme} eq 'bearer' } challenges(@fields);
    return $first;
}

sub _field ($text) {
    my @found;
    pos($text) = 0;
    while (1) {
        $text =~ /\G[ \t,]*/gc;
        last if pos($text) == length $text;
        $text =~ /\G($TOKEN)/gc or die _where('no scheme', \$text);
        my $challenge = { scheme => $1, params => [], param => {} };
        push @found, $challenge;
        _credentials($challenge, \$text) if $text =~ /\G +/gc;
        $text =~ /\G[ \t]*(?=,|\z)/gc or die _where('text after a challenge', \$text);
    }
    die "empty challenge field\n" if !@found;
    return @found;
}

# token68 or a list of parameters; ends before the comma of the next challenge.
sub _credentials ($challenge, $text) {
    if ($$text =~ m{\G([A-Za-z0-9\-._~+/]+=*)(?=[ \t]*(?:,|\z))}gc) {
        $challenge->{token68} = $1;
        return;
    }
    while ($$text =~ /\G($TOKEN)[ \t]*=[ \t]*/gc) {
        my $name = $1;
        _value($challenge, $name, $text);
        $$text =~ /\G[ \t]*(?:,[ \t]*)+(?=$TOKEN[ \t]*=)/gc or return;
    }
    return;
}

sub _value ($challenge, $name, $text) {
    my $quoted = $$text =~ /\G$QUOTED/gc;
    my $value  = $quoted ? $1 =~ s/\\(.)/$1/gsr : undef;
    if (!$quoted) {
        $$text =~ /\G($TOKEN)/gc or die _where("no value for $name", $text);
        $value = $1;
    }
    die "parameter $name twice\n" if exists $challenge->{param}{ lc $name };
    push @{ $challenge->{params} }, [ $name, $value, $quoted ? 1 : 0 ];
    $challenge->{param}{ lc $name } = $value;
    return;
}

sub _where ($what, $text) { return "$what at byte " . pos($$text) . " of: $$text\n" }

# What some client could not take, one sentence each; empty when the weakest can read it.
sub complaints (@fields) {
    my @all = eval { challenges(@fields) } or return "not well-formed: $@";
    my @say;
    push @say, "first challenge is $all[0]{scheme}, not Bearer" if $all[0]{scheme} ne 'Bearer';
    my @bearer = grep { lc $_->{scheme} eq 'bearer' } @all;
    push @say, 'more than one Bearer challenge' if @bearer > 1;
    push @say, 'several challenges in one field' if grep { (() = challenges($_)) > 1 } @fields;
    push @say, 'a line break or control byte' if grep { /[\x00-\x08\x0a-\x1f\x7f]/ } @fields;
    push @say, map { _param_complaints(@$_) } map { @{ $_->{params} } } @bearer;
    my $metadata = @bearer ? $bearer[0]{param}{resource_metadata} : undef;
    push @say, 'no resource_metadata' if !defined $metadata;
    push @say, "resource_metadata is not absolute: $metadata" if defined $metadata && $metadata !~ m{^https?://[^/?#]+/};
    return @say;
}

sub _param_complaints ($name, $value, $quoted) {
    my @say;
    push @say, "$name is not quoted" if !$quoted;
    push @say, "$name is empty" if $value eq '';
    push @say, "$name holds a comma, quote or backslash" if $value =~ /[,"\\]/;
    push @say, "$name holds word=" if $value =~ /\w=/;
    push @say, "$name names offline_access" if $name eq 'scope' && $value =~ /\boffline_access\b/;
    push @say, "$name has blanks at an end or doubled" if $value =~ /^ | \z|  /;
    return @say;
}

1;
