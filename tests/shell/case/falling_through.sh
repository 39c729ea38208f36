for x in 1 2 3; do
  case $x in
    1) echo one ;&
    2) echo two ;;&
    [12]) echo small ;;
    3) echo three ;;&
    *) echo any ;&
    never) echo even this ;;
  esac
done
case x in x) ;; esac; echo $?
case $(exit 3) in x) ;; esac; echo $?
case x in (x) false ;; esac; echo $?
