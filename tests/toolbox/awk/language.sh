printf 'b 2\na 1\nc 3\n' > f
awk '{print $2, $1}' f; awk 'BEGIN{printf "%5.2f|%d|%s|%-5s|%05d|%x|%c\n", 3.14159, 42, "x", "l", 7, 255, 65}'; awk '{s+=$2} END{print s, NR}' f
echo a:b:c | awk -F: '{$2="X"; print; print NF}' OFS=-; awk '/a/,/c/' f; awk 'NR==2{exit 5}' f; echo $?; awk 'function f(n){return n<2?1:n*f(n-1)} BEGIN{print f(10)}'
awk 'BEGIN{n=split("a,b,c",x,","); for(i=1;i<=n;i++) print i, x[i]}'; awk 'BEGIN{print substr("hello",2,3), toupper("abc"), index("abc","c"), length("xyz"), tolower("ABC")}'
awk '{gsub(/[0-9]/,"<&>"); print}' f; awk '{sub(/ /,"-"); print}' f; awk -v n=5 'BEGIN{print n*2; if (!(3 in a)) print "no"}'; awk 'BEGIN { while (i < 3) { print i++ } do { i-- } while (i>0); print i }'
awk 'BEGIN{print 1e6, 0.1+0.2, 1/3, 2^10, 7%3, -3%2, 1==1.0, "a"<"b", "10"<"9", 10<9}'; awk 'END{print NR, $0}' f; awk 'BEGIN{print -12 " " -24}'; awk 'NF' f; awk '!seen[$1]++' f f
awk 'BEGIN{getline; print; getline x; print x; print NR}' f; awk 'BEGIN{while((getline l < "f")>0) n++; print n}'; awk 'BEGIN{a["x"]=1; delete a["x"]; print length(a)}' ; awk 'BEGIN{print match("foobar","o+"), RSTART, RLENGTH}'
awk -F'[:,]' '{print $2}' <<< 'a:b,c'; awk -F'\t' '{print $2}' <<< "$(printf 'a\tb c')"; awk 'BEGIN{RS=""}{print NR": "$1}' <<< "$(printf 'a\nb\n\nc\n')"; awk 'BEGIN{RS=";"}{print}' <<< 'a;b'; awk 'BEGIN{FS=","} {print $1}' <<< 'x,y'
awk '{$3="n"} 1' f; awk '{NF=1} 1' f; awk 'NR>1' f; awk '$1 ~ /^[ab]$/ {print $1}' f; awk '$2 > 1 && $1 != "c"' f; awk '{print NR ": " $0 > "out"} END{close("out"); while((getline l < "out")>0) print l}' f; awk '{ print $NF, $(NF-1) }' f
awk 'BEGIN{printf "%s %s\n", "a", "b"; printf("%d%%\n", 5); x["a","b"]=1; for(k in x){split(k,p,SUBSEP); print p[1], p[2]}; if(("a","b") in x) print "in"}'; awk 'BEGIN{print length("hello"), substr("héllo",1,1)}'
awk 'function g(a,i){a[i]=1} BEGIN{g(z,"k"); for(k in z) print k}'; awk 'BEGIN{for(;;){if(++i>3)break; if(i==2)continue; print i}}'; awk 'BEGIN{print ENVIRON["HOME"]!=""; print ARGC, ARGV[1]}' x; awk 'BEGIN{exit} END{print "end"}'; awk 'BEGIN{print substr("hello",-1), substr("hello",4,9)}'
awk '{print > "/dev/stderr"}' f 2>&1; awk 'BEGIN {print "a" "b" 1+1; x = 5; x += 2; x ^= 2; print x, x++ + ++x; print (1>2) ? "y" : "n"}'; awk 'BEGIN{print 1,2 > "/dev/stdout"}'; awk -f /dev/stdin f <<< '{print "p", $1}'
awk 'BEGIN{print int(3.9), int(-3.9), sqrt(16), exp(0), log(1), sin(0), cos(0), atan2(0,1)}'; awk 'BEGIN { "x" ; print !0, !1, !"", !"a", - "3x", +"4" }'; awk '
# comment
/b/ {
    print "multi",
        $1
}
END { if (NR == 3) print "three"
      else print "other" }' f
awk 'BEGIN{print 1' 2>/dev/null; echo $?; awk '{print}' nofile 2>/dev/null; echo $?
