case a in a) echo 1;& b) echo 2;; c) echo 3;; esac
case a in a) echo 1;;& b) echo 2;; [a-z]) echo 3;; esac
case x in (x) echo paren;; esac
x='*'; case abc in $x) echo pattern;; esac; case abc in "$x") echo no;; *) echo quoted;; esac
