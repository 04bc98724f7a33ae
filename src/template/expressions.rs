//! What an expression is worth.
//!
//! Owns the evaluation of the syntax tree's expressions. What values can do is in the files about values.

use std::rc::Rc;

use minijinja::machinery::ast::{BinOpKind, CallArg, CompareOpKind, Expr, UnaryOpKind};

use super::arguments::Arguments;
use super::arithmetic::{self, Operator};
use super::attributes;
use super::comparison;
use super::fault::{Fault, Outcome};
use super::filters;
use super::functions;
use super::literal;
use super::python;
use super::scope::Scope;
use super::statements::Run;
use super::tests_of_values;
use super::value::{Missing, Value};

impl<'t> Run<'t> {
    pub fn evaluate(&mut self, expression: &'t Expr<'t>, scope: &Rc<Scope>) -> Outcome<Value> {
        self.evaluate_here(expression, scope)
            .and_then(|value| if self.trips { value.defined() } else { Ok(value) })
            .map_err(|fault| fault.at(expression.span().start_offset as usize))
    }

    fn evaluate_here(&mut self, expression: &'t Expr<'t>, scope: &Rc<Scope>) -> Outcome<Value> {
        match expression {
            Expr::Var(name) => variable(name.id, scope),
            Expr::Const(constant) => literal::value(self.source, constant.span()),
            Expr::List(list) => self.items(&list.items, scope).map(Value::open_list)?.shallow(),
            Expr::Tuple(tuple) => self.items(&tuple.items, scope).map(Value::tuple)?.shallow(),
            Expr::Map(map) => {
                let mut entries = Vec::with_capacity(map.keys.len());
                for (key, value) in map.keys.iter().zip(&map.values) {
                    let key = self.evaluate(key, scope)?.defined()?;
                    let value = self.evaluate(value, scope)?.defined()?;
                    comparison::insert(&mut entries, key, value)?;
                }
                Value::open_dict(entries).shallow()
            }
            Expr::UnaryOp(operation) => {
                let value = self.evaluate(&operation.expr, scope)?;
                match operation.op {
                    UnaryOpKind::Not => Ok(Value::Bool(!value.truth()?)),
                    UnaryOpKind::Neg => arithmetic::negate(&value),
                }
            }
            Expr::BinOp(operation) => self.binary(operation.op, &operation.left, &operation.right, scope),
            Expr::Compare(chain) => {
                let mut left = self.evaluate(&chain.expr, scope)?;
                for operation in &chain.ops {
                    let right = self.evaluate(&operation.expr, scope)?;
                    if !compare(operation.op, &left, &right)? {
                        return Ok(Value::Bool(false));
                    }
                    left = right;
                }
                Ok(Value::Bool(true))
            }
            Expr::IfExpr(choice) => {
                if self.evaluate(&choice.test_expr, scope)?.truth()? {
                    self.evaluate(&choice.true_expr, scope)
                } else if let Some(otherwise) = &choice.false_expr {
                    self.evaluate(otherwise, scope)
                } else {
                    Ok(Value::Blank)
                }
            }
            Expr::Filter(filter) => {
                let value = match &filter.expr {
                    Some(inner) => self.evaluate(inner, scope)?,
                    None => return Err(Fault::new(format!("`{}` has nothing to filter", filter.name))),
                };
                let arguments = self.arguments(&filter.args, scope)?;
                filters::apply(filter.name, &value, arguments)
            }
            Expr::Test(test) => {
                let value = self.evaluate(&test.expr, scope)?;
                let arguments = self.arguments(&test.args, scope)?;
                tests_of_values::apply(test.name, &value, arguments).map(Value::Bool)
            }
            Expr::GetAttr(lookup) => {
                let value = self.evaluate(&lookup.expr, scope)?;
                attributes::attribute(&value, lookup.name, || path(expression))
            }
            Expr::GetItem(lookup) => {
                let value = self.evaluate(&lookup.expr, scope)?;
                let key = self.evaluate(&lookup.subscript_expr, scope)?.defined()?;
                attributes::item(&value, &key, || path(expression))
            }
            Expr::Slice(slice) => {
                let value = self.evaluate(&slice.expr, scope)?;
                let mut bounds = [None, None, None];
                for (bound, part) in bounds.iter_mut().zip([&slice.start, &slice.stop, &slice.step]) {
                    if let Some(part) = part {
                        *bound = Some(self.evaluate(part, scope)?.defined()?);
                    }
                }
                attributes::slice(&value, &bounds)
            }
            Expr::Call(call) => {
                let callee = self.evaluate(&call.expr, scope)?;
                let arguments = self.arguments(&call.args, scope)?;
                self.call(&callee, arguments)
            }
        }
    }

    fn items(&mut self, items: &'t [Expr<'t>], scope: &Rc<Scope>) -> Outcome<Vec<Value>> {
        items
            .iter()
            .map(|item| self.evaluate(item, scope)?.defined())
            .collect()
    }

    fn binary(
        &mut self,
        operator: BinOpKind,
        left: &'t Expr<'t>,
        right: &'t Expr<'t>,
        scope: &Rc<Scope>,
    ) -> Outcome<Value> {
        let left = self.evaluate(left, scope)?;
        match operator {
            BinOpKind::ScAnd if !left.truth()? => return Ok(left),
            BinOpKind::ScOr if left.truth()? => return Ok(left),
            _ => {}
        }
        let right = self.evaluate(right, scope)?;
        let operator = match operator {
            BinOpKind::ScAnd | BinOpKind::ScOr => return Ok(right),
            BinOpKind::Eq => return compare(CompareOpKind::Eq, &left, &right).map(Value::Bool),
            BinOpKind::Ne => return compare(CompareOpKind::Ne, &left, &right).map(Value::Bool),
            BinOpKind::Lt => return compare(CompareOpKind::Lt, &left, &right).map(Value::Bool),
            BinOpKind::Lte => return compare(CompareOpKind::Lte, &left, &right).map(Value::Bool),
            BinOpKind::Gt => return compare(CompareOpKind::Gt, &left, &right).map(Value::Bool),
            BinOpKind::Gte => return compare(CompareOpKind::Gte, &left, &right).map(Value::Bool),
            BinOpKind::In => return compare(CompareOpKind::In, &left, &right).map(Value::Bool),
            BinOpKind::Concat => {
                let mut text = python::text(&left)?;
                text.push_str(&python::text(&right)?);
                return Ok(Value::text(text));
            }
            BinOpKind::Add => Operator::Add,
            BinOpKind::Sub => Operator::Subtract,
            BinOpKind::Mul => Operator::Multiply,
            BinOpKind::Div => Operator::Divide,
            BinOpKind::FloorDiv => Operator::FloorDivide,
            BinOpKind::Rem => Operator::Remainder,
            BinOpKind::Pow => Operator::Power,
        };
        arithmetic::apply(operator, &left, &right)
    }

    pub fn arguments(&mut self, arguments: &'t [CallArg<'t>], scope: &Rc<Scope>) -> Outcome<Arguments> {
        let mut evaluated = Arguments::default();
        for argument in arguments {
            match argument {
                CallArg::Pos(value) => {
                    let value = self.evaluate(value, scope)?.shallow()?.frozen();
                    evaluated.positional.push(value);
                }
                CallArg::Kwarg(name, value) => {
                    let value = self.evaluate(value, scope)?.shallow()?.frozen();
                    evaluated.named.push(((*name).to_owned(), value));
                }
                CallArg::PosSplat(values) => {
                    let values = self.evaluate(values, scope)?.frozen();
                    evaluated.positional.extend(values.iterate()?);
                }
                CallArg::KwargSplat(values) => match self.evaluate(values, scope)?.frozen() {
                    Value::Dict(dict) => {
                        for (name, value) in dict.entries().iter() {
                            evaluated.named.push((python::text(name)?, value.clone()));
                        }
                    }
                    other => return Err(other.misuse("cannot follow `**`")),
                },
            }
        }
        for (index, (name, _)) in evaluated.named.iter().enumerate() {
            if evaluated.named[..index]
                .iter()
                .any(|(earlier, _)| earlier == name)
            {
                return Err(Fault::new(format!("the argument `{name}` is given twice")));
            }
        }
        Ok(evaluated)
    }
}

fn compare(operator: CompareOpKind, left: &Value, right: &Value) -> Outcome<bool> {
    let ordered =
        |accepts: fn(std::cmp::Ordering) -> bool| Ok(comparison::order(left, right)?.is_some_and(accepts));
    match operator {
        CompareOpKind::Eq => comparison::equal(left, right),
        CompareOpKind::Ne => Ok(!comparison::equal(left, right)?),
        CompareOpKind::Lt => ordered(std::cmp::Ordering::is_lt),
        CompareOpKind::Lte => ordered(std::cmp::Ordering::is_le),
        CompareOpKind::Gt => ordered(std::cmp::Ordering::is_gt),
        CompareOpKind::Gte => ordered(std::cmp::Ordering::is_ge),
        CompareOpKind::In => comparison::contains(right, left),
        CompareOpKind::NotIn => Ok(!comparison::contains(right, left)?),
    }
}

fn variable(name: &str, scope: &Rc<Scope>) -> Outcome<Value> {
    if let Some(value) = scope.get(name) {
        return Ok(value);
    }
    if let Some(function) = functions::named(name)? {
        return Ok(function);
    }
    Ok(Value::Undefined(Rc::new(Missing {
        message: format!("`{name}` is undefined"),
        remedy: Some("define it in `override_variables`, or give it a value with `| default(…)`".to_owned()),
    })))
}

/// Returns how the template writes a lookup, as far as it is names and constants.
fn path(expression: &Expr<'_>) -> String {
    match expression {
        Expr::Var(name) => name.id.to_owned(),
        Expr::GetAttr(lookup) => format!("{}.{}", path(&lookup.expr), lookup.name),
        Expr::GetItem(lookup) => match &lookup.subscript_expr {
            Expr::Const(constant) => format!("{}[{:?}]", path(&lookup.expr), constant.value),
            _ => format!("{}[…]", path(&lookup.expr)),
        },
        Expr::Call(call) => format!("{}(…)", path(&call.expr)),
        _ => "…".to_owned(),
    }
}
