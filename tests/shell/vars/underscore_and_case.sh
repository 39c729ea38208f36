MixedCase=1 _x=2 __=3; echo $MixedCase$_x$__
declare -u U=abc; U+=def; echo $U
